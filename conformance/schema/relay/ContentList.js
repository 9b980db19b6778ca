import { graphql } from 'relay-runtime'

export const fragment = graphql`
  fragment ContentList_query on Query
  @argumentDefinitions(
    count: { type: "Int", defaultValue: 20 }
    cursor: { type: "String" }
    filter: { type: "ContentFilter" }
    asOf: { type: "AsOf" }
  )
  @refetchable(queryName: "ContentListPaginationQuery") {
    contents(first: $count, after: $cursor, filter: $filter, asOf: $asOf)
      @connection(key: "ContentList_contents", filters: ["filter", "asOf"]) {
      edges {
        node {
          id
          title
          status
        }
      }
      totalCount
    }
  }
`

export const query = graphql`
  query ContentListQuery($filter: ContentFilter, $asOf: AsOf) {
    ...ContentList_query @arguments(filter: $filter, asOf: $asOf)
  }
`

export const mutation = graphql`
  mutation ContentListCreateMutation($input: CreateContentInput!, $connections: [ID!]!) {
    createContent(input: $input) {
      content @appendNode(connections: $connections, edgeTypeName: "ContentEdge") {
        id
        title
        status
      }
      errors {
        message
        path
      }
    }
  }
`

export const subscription = graphql`
  subscription ContentListChangedSubscription($id: ID!) {
    contentChanged(id: $id) {
      id
      title
      status
    }
  }
`

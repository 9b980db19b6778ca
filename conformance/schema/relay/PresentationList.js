import { graphql } from 'relay-runtime'

export const fragment = graphql`
  fragment PresentationList_query on Query
  @argumentDefinitions(count: { type: "Int", defaultValue: 20 }, cursor: { type: "String" })
  @refetchable(queryName: "PresentationListPaginationQuery") {
    presentations(first: $count, after: $cursor) @connection(key: "PresentationList_presentations") {
      edges {
        node {
          id
          title
          slides {
            id
            order
          }
        }
      }
    }
  }
`

export const query = graphql`
  query PresentationListQuery {
    ...PresentationList_query
  }
`

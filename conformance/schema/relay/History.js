import { graphql } from 'relay-runtime'

export const ofContent = graphql`
  fragment History_content on Content
  @argumentDefinitions(count: { type: "Int", defaultValue: 20 }, cursor: { type: "String" })
  @refetchable(queryName: "HistoryContentPaginationQuery") {
    history(first: $count, after: $cursor) @connection(key: "History_content_history") {
      edges {
        node {
          ...HistoryEvent_event
        }
      }
    }
  }
`

// Paged backwards: the latest version first.
export const ofPresentation = graphql`
  fragment History_presentation on Presentation
  @argumentDefinitions(count: { type: "Int", defaultValue: 20 }, cursor: { type: "String" })
  @refetchable(queryName: "HistoryPresentationPaginationQuery") {
    history(last: $count, before: $cursor) @connection(key: "History_presentation_history") {
      edges {
        node {
          ...HistoryEvent_event
        }
      }
    }
  }
`

export const event = graphql`
  fragment HistoryEvent_event on Event {
    id
    position
    type
    recordedAt
    actor {
      displayName
    }
    ... on ContentUpdated {
      title
    }
  }
`

export const query = graphql`
  query HistoryQuery($content: ID!, $presentation: ID!) {
    content(id: $content) {
      ...History_content
    }
    presentation(id: $presentation) {
      ...History_presentation
    }
  }
`

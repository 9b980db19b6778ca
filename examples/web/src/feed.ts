// The events of the log as they are appended. A cursor is a position of the log: a client that goes
// on after the last position it has seen misses no event and sees none twice.

import { print } from 'graphql'
import type { Api } from './api.js'
import type { Cursor } from './contents.js'
import type { FollowSubscription } from './gql/graphql.js'
import { graphql } from './gql/index.js'

const Follow = graphql(`
  subscription Follow($after: Position!, $lineage: ID!) {
    eventStream(after: $after, lineage: $lineage) {
      __typename
      ... on EventReceived {
        position
        event {
          position
          type
          streamId
          recordedAt
          actor {
            displayName
          }
        }
      }
      ... on CaughtUp {
        position
      }
      ... on Checkpoint {
        position
      }
      ... on StreamReset {
        position
        reason
      }
    }
  }
`)

type Item = FollowSubscription['eventStream']
export type FeedEvent = Extract<Item, { __typename: 'EventReceived' }>['event']

export interface Listener {
  /** An event was appended. */
  event(event: FeedEvent): void
  /** The cursor belongs to another log: read everything again and follow from there. */
  reset(reason: string): void
  /** The feed has ended with an error. */
  failed(error: unknown): void
}

/**
 * Sends every event after a cursor to a listener, each once and in order, however often the
 * connection is cut. It returns a function that ends the feed.
 */
export function follow({ socket }: Api, { position, lineage }: Cursor, listener: Listener): () => void {
  // After a cut graphql-ws opens another connection and sends the operation again. It reads the
  // variables anew, and so asks for the events after the last item.
  const variables = {
    lineage,
    get after() {
      return position
    },
  }
  return socket.subscribe<FollowSubscription>(
    { query: print(Follow), variables },
    {
      next({ data, errors }) {
        if (!data) return listener.failed(errors)
        const item = data.eventStream
        if (item.__typename === 'StreamReset') return listener.reset(item.reason)
        if (item.__typename === 'EventReceived') listener.event(item.event)
        position = item.position
      },
      error: (error) => listener.failed(error),
      complete: () => {},
    },
  )
}

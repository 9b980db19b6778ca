// What happens, as it happens. A cursor is a position of the log: whoever goes on after
// the last position seen misses nothing, and sees nothing twice.

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
  /** Something happened. */
  event(event: FeedEvent): void
  /** The log is not the one of the cursor: ask for everything again, and follow from there. */
  reset(reason: string): void
  /** There will be no more. */
  failed(error: unknown): void
}

/**
 * Tells a listener of every event after a cursor, each once and in order, however
 * often the connection is cut. It returns a function that ends that.
 */
export function follow({ socket }: Api, { position, lineage }: Cursor, listener: Listener): () => void {
  // After a cut graphql-ws opens another connection and sends the operation again. It
  // reads the variables then, and so asks for what comes after the last item.
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

// Edits that nobody loses. Each is sent with the version it began from. If the content
// has changed since, the server writes nothing, and tells what happened and how the
// content is now; the edit is then made again from there.

import { type Api, dataOf } from './api.js'
import type { Content } from './contents.js'
import type { SaveMutation } from './gql/graphql.js'
import { graphql } from './gql/index.js'
import { Refused } from './session.js'

const Save = graphql(`
  mutation Save($input: UpdateContentInput!) {
    updateContent(input: $input) {
      content {
        ...ContentFields
      }
      errors {
        __typename
        message
        ... on VersionConflictError {
          current {
            __typename
            ...ContentFields
          }
          eventsSince {
            position
            type
            recordedAt
            actor {
              displayName
            }
          }
        }
      }
    }
  }
`)

const fields = ['title', 'content'] as const

export type Field = (typeof fields)[number]

/** What an edit changes. */
export type Changes = Partial<Pick<Content, Field>>

type Payload = NonNullable<SaveMutation['updateContent']>
type VersionConflict = Extract<Payload['errors'][number], { __typename: 'VersionConflictError' }>

/** An edit, and what came between. */
export interface Conflict {
  /** The content that the edit began from. */
  base: Content
  /** What the edit changes. */
  mine: Changes
  /** The content as it is now. */
  theirs: Content
  /** What happened in between. */
  since: VersionConflict['eventsSince']
  /** The fields that both changed, differently: somebody has to choose. */
  clashes: Field[]
}

/**
 * Saves an edit and returns the content after it. At a conflict `resolve` says what
 * to write instead, on top of what is there now: `mine` where nothing clashes;
 * undefined gives the edit up, and undefined is returned.
 */
export async function edit(
  api: Api,
  base: Content,
  mine: Changes,
  resolve: (conflict: Conflict) => Promise<Changes | undefined>,
): Promise<Content | undefined> {
  for (;;) {
    const { content, errors } = await save(api, base, mine)
    if (content) return content
    const conflict = errors.find((error) => error.__typename === 'VersionConflictError')
    if (conflict?.current?.__typename !== 'Content') throw new Refused(errors)
    const theirs = conflict.current
    const clashes = fields.filter(
      (field) => mine[field] !== undefined && theirs[field] !== base[field] && theirs[field] !== mine[field],
    )
    const resolved = await resolve({ base, mine, theirs, since: conflict.eventsSince, clashes })
    if (!resolved) return undefined
    base = theirs
    mine = resolved
  }
}

async function save(api: Api, { id, version }: Content, changes: Changes): Promise<Payload> {
  const input = { idempotencyKey: crypto.randomUUID(), id, expectedVersion: version, ...changes }
  const { updateContent } = await dataOf(api.http.mutation(Save, { input }))
  return updateContent ?? { content: null, errors: [] }
}

// Edits without lost updates. Each edit is sent with the version it began from. If the content has
// changed since, the server writes nothing and answers with the events in between and the current
// content; the edit is then made again on top of that.

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

/** The changed fields of an edit. */
export type Changes = Partial<Pick<Content, Field>>

type Payload = NonNullable<SaveMutation['updateContent']>
type VersionConflict = Extract<Payload['errors'][number], { __typename: 'VersionConflictError' }>

/** An edit, and the changes that came before it was saved. */
export interface Conflict {
  /** The content that the edit began from. */
  base: Content
  /** The changed fields of this edit. */
  mine: Changes
  /** The current content. */
  theirs: Content
  /** The events between `base` and `theirs`. */
  since: VersionConflict['eventsSince']
  /** The fields to which both gave different values: the user has to choose. */
  clashes: Field[]
}

/**
 * Saves an edit and returns the content after it. At a conflict `resolve` returns the changes to
 * write on top of `theirs`: `mine` where nothing clashes. If it returns undefined, the edit is
 * given up and the result is undefined.
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

// Contents: the list, now or as of a moment, and the mutation that creates one.

import { type Api, dataOf } from './api.js'
import type { ContentFieldsFragment, ListQuery } from './gql/graphql.js'
import { graphql } from './gql/index.js'
import { Refused } from './session.js'

export type Content = ContentFieldsFragment

graphql(`
  fragment ContentFields on Content {
    id
    version
    title
    content
    status
    updatedAt
  }
`)

const List = graphql(`
  query List($asOf: AsOf, $after: String) {
    contents(first: 100, after: $after, asOf: $asOf, orderBy: { field: CREATED_AT, direction: ASC }) {
      nodes {
        ...ContentFields
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`)

/**
 * Returns all contents, now or as of a position of the log or an instant. Pages after the first are
 * read at the position of the first.
 */
export async function list(api: Api, asOf?: string): Promise<Content[]> {
  const all: Content[] = []
  let after: string | null = null
  for (;;) {
    const { contents }: ListQuery = await dataOf(api.http.query(List, { asOf, after }))
    if (!contents) return all
    all.push(...contents.nodes)
    if (!contents.pageInfo.hasNextPage) return all
    after = contents.pageInfo.endCursor
  }
}

const Create = graphql(`
  mutation Create($input: CreateContentInput!) {
    createContent(input: $input) {
      content {
        ...ContentFields
      }
      errors {
        message
      }
    }
  }
`)

/** Creates a content. */
export async function create(api: Api, title: string, content: string): Promise<Content> {
  const input = { idempotencyKey: crypto.randomUUID(), title, content }
  const { createContent } = await dataOf(api.http.mutation(Create, { input }))
  if (!createContent?.content) throw new Refused(createContent?.errors ?? [])
  return createContent.content
}

const Head = graphql(`
  query Head {
    log {
      head
      lineage
    }
  }
`)

/** A position in the log that the lineage names. */
export interface Cursor {
  position: string
  lineage: string
}

/** Returns the position of the log's last event. */
export async function head(api: Api): Promise<Cursor> {
  const { log } = await dataOf(api.http.query(Head, {}))
  if (!log) throw new Error('the log does not say where it ends')
  return { position: log.head, lineage: log.lineage }
}

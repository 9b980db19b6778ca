// With the manifest that graphql-codegen writes, a server runs the operations of this front end by
// their hashes, and no others.

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { serve } from '../../conformance/server.js'
import * as documents from './build/gql/graphql.js'

const manifest = fileURLToPath(new URL('src/gql/persisted-documents.json', import.meta.url))

test('the operations of the front end run by their ids alone', async (t) => {
  const server = await serve('--trusted-documents', manifest, '--trusted-only')
  t.after(() => server.stop())
  const post = async (request, token) => {
    const response = await fetch(server.graphql, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
      body: JSON.stringify(request),
    })
    return response.json()
  }
  const id = ({ __meta__ }) => __meta__.hash
  const account = { email: 'ada@example.org', password: 'correct horse battery', displayName: 'Ada' }
  const { data: session } = await post({ documentId: id(documents.RegisterDocument), variables: account })
  const { token } = session.registerUser
  const input = { title: 'Trusted', content: '' }
  const { data: created } = await post({ documentId: id(documents.CreateDocument), variables: { input } }, token)
  assert.equal(created.createContent.content.title, 'Trusted')
  const { data: listed } = await post({ documentId: id(documents.ListDocument), variables: {} }, token)
  assert.deepEqual(listed.contents.nodes, [created.createContent.content])

  const texts = Object.values(JSON.parse(await readFile(manifest, 'utf8')))
  assert.ok(texts.length >= 6)
  const { data, errors } = await post({ query: '{ log { head } }' }, token)
  assert.equal(data, undefined)
  assert.ok(errors[0].message)
})

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ApolloClient, gql, HttpLink, InMemoryCache } from '@apollo/client'
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries'
import { createClient } from 'graphql-ws'
import WebSocket from 'ws'
import { serve } from '../server.js'

const sha256 = (text) => createHash('sha256').update(text).digest('hex')

async function start(t, ...flags) {
  const server = await serve(...flags)
  t.after(() => server.stop())
  return server
}

for (const useGETForHashedQueries of [false, true]) {
  const how = useGETForHashedQueries ? 'GET' : 'POST'
  test(`Apollo sends a text once, and from then on its hash by ${how}`, async (t) => {
    const server = await start(t)
    const sent = []
    const counting = (url, options) => {
      sent.push({ method: options.method, text: String(options.body ?? url).includes('head') })
      return fetch(url, options)
    }
    const connect = () =>
      new ApolloClient({
        cache: new InMemoryCache(),
        link: new PersistedQueryLink({ sha256, useGETForHashedQueries }).concat(new HttpLink({ uri: server.graphql, fetch: counting })),
      })
    const ask = async () => {
      const { data } = await connect().query({ query: gql`query Log { log { head } }` })
      assert.equal(data.log.head, '0')
    }
    await ask()
    assert.deepEqual(sent, [{ method: how, text: false }, { method: 'POST', text: true }])
    await ask() // another client
    assert.deepEqual(sent.slice(2), [{ method: how, text: false }])
  })
}

/** Checks that a request was refused and that the answer gives a reason. */
function refused({ status, data, errors }, request) {
  assert.ok(status >= 400 && status < 500, `${status} for ${JSON.stringify(request)}`)
  assert.equal(data, undefined)
  assert.ok(errors[0].message)
}

async function post(server, request) {
  const response = await fetch(server.graphql, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json' },
    body: JSON.stringify(request),
  })
  return { status: response.status, ...(await response.json()) }
}

test('a hash that differs from the hash of its text is refused', async (t) => {
  const server = await start(t)
  const extensions = { persistedQuery: { version: 1, sha256Hash: sha256('{ other }') } }
  refused(await post(server, { query: '{ log { head } }', extensions }))
  assert.equal((await post(server, { extensions })).errors[0].message, 'PersistedQueryNotFound')
})

const documents = { log: 'query Log { log { head } }', viewer: 'query Viewer { viewer { id } }' }

const ids = { log: `sha256:${sha256(documents.log)}`, viewer: sha256(documents.viewer) }

/**
 * Writes a manifest, a map from ids to documents, and returns its path. One id has the form that
 * graphql-codegen writes today, the other the form of its older releases.
 */
async function manifest(t) {
  const folder = await mkdtemp(join(tmpdir(), 'flightdeck-'))
  t.after(() => rm(folder, { recursive: true }))
  const file = join(folder, 'persisted-documents.json')
  await writeFile(file, JSON.stringify({ [ids.log]: documents.log, [ids.viewer]: documents.viewer }))
  return file
}

test('a document of the manifest runs by its id, by POST and by GET', async (t) => {
  const server = await start(t, '--trusted-documents', await manifest(t))
  assert.deepEqual((await post(server, { documentId: ids.log })).data, { log: { head: '0' } })
  const url = new URL(server.graphql)
  url.searchParams.set('documentId', ids.viewer)
  assert.deepEqual(await (await fetch(url)).json(), { data: { viewer: null } })
  assert.deepEqual((await post(server, { query: '{ log { head } }' })).data, { log: { head: '0' } })
  refused(await post(server, { documentId: sha256('unknown') }))
})

test('with --trusted-only nothing runs but the documents of the manifest', async (t) => {
  const server = await start(t, '--trusted-documents', await manifest(t), '--trusted-only')
  assert.deepEqual((await post(server, { documentId: ids.log })).data, { log: { head: '0' } })
  const query = '{ log { head } }'
  const persistedQuery = { version: 1, sha256Hash: sha256(query) }
  for (const request of [{ query }, { query, extensions: { persistedQuery } }, { extensions: { persistedQuery } }]) {
    refused(await post(server, request), request)
  }
  const client = createClient({ url: server.websocket, webSocketImpl: WebSocket, retryAttempts: 0 })
  t.after(() => client.dispose())
  await assert.rejects(client.iterate({ query }).next(), (errors) => Boolean(errors[0].message))
})

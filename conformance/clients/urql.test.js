import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { cacheExchange, Client, fetchExchange, subscriptionExchange } from '@urql/core'
import { createClient } from 'graphql-ws'
import WebSocket from 'ws'
import { Inbox } from '../inbox.js'
import { authorization, serve } from '../server.js'

let server, token
before(async () => {
  server = await serve()
  token = await server.register()
})
after(() => server.stop())

/** Returns a client set up as urql's documentation says. */
function connect(t, options) {
  const socket = createClient({ url: server.websocket, webSocketImpl: WebSocket, connectionParams: authorization(token) })
  t.after(() => socket.dispose())
  return new Client({
    url: server.graphql,
    fetchOptions: { headers: authorization(token) },
    exchanges: [
      cacheExchange,
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: (request) => ({ subscribe: (sink) => ({ unsubscribe: socket.subscribe(request, sink) }) }),
      }),
    ],
    ...options,
  })
}

for (const preferGetMethod of [false, 'force']) {
  test(`a query by ${preferGetMethod ? 'GET' : 'POST'} is answered again after a mutation of its content`, async (t) => {
    const client = connect(t, { preferGetMethod })
    const { id } = await server.write(token, 'First')
    const titles = new Inbox()
    const { unsubscribe } = client
      .query('query Content($id: ID!) { content(id: $id) { __typename id title } }', { id })
      .subscribe(({ data, error, stale }) => stale || titles.put(error ?? data.content.title))
    t.after(unsubscribe)
    assert.equal(await titles.take(), 'First')
    const { data, error } = await client.mutation(
      `mutation Rename($id: ID!) {
        updateContent(input: { id: $id, title: "Second" }) { content { __typename id title } errors { message } }
      }`,
      { id },
    )
    assert.equal(error, undefined)
    assert.equal(data.updateContent.content.title, 'Second')
    assert.equal(await titles.take(), 'Second')
  })
}

test('a subscription brings what is written', async (t) => {
  const client = connect(t)
  const { log } = await server.request('{ log { head } }')
  const events = new Inbox()
  const { unsubscribe } = client
    .subscription('subscription Events($after: Position) { eventAppended(after: $after) { position type } }', { after: log.head })
    .subscribe(({ data, error }) => events.put(error ?? data.eventAppended))
  t.after(unsubscribe)
  for (const title of ['One', 'Two']) {
    const { position } = await server.write(token, title)
    const { type, ...event } = await events.take()
    assert.equal(type, 'ContentCreated')
    assert.equal(event.position, position)
  }
})

test('an operation that is not valid is an error with a code', async (t) => {
  const { error } = await connect(t).query('{ nothing }', {})
  assert.equal(error.graphQLErrors[0].extensions.code, 'GRAPHQL_VALIDATION_FAILED')
})

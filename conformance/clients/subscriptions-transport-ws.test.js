import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { SubscriptionClient } from 'subscriptions-transport-ws'
import WebSocket from 'ws'
import { Inbox } from '../inbox.js'
import { authorization, serve } from '../server.js'

let server, token
before(async () => {
  server = await serve()
  token = await server.register()
})
after(() => server.stop())

function connect(t, options) {
  const client = new SubscriptionClient(server.websocket, { connectionParams: authorization(token), ...options }, WebSocket)
  t.after(() => client.close())
  return client
}

/** Runs an operation; returns its results and a function that stops it. */
function run(client, options) {
  const results = new Inbox()
  const { unsubscribe } = client.request(options).subscribe(results.sink)
  return { results, stop: unsubscribe }
}

test('a client of the older protocol queries and writes', async (t) => {
  const client = connect(t)
  const viewer = run(client, { query: '{ viewer { displayName } }' })
  assert.deepEqual(await viewer.results.take(), { data: { viewer: { displayName: 'Ada' } } })
  assert.deepEqual(await viewer.results.take(), { complete: true })
  const writing = run(client, { query: 'mutation { createContent(input: { title: "Of old", content: "" }) { content { slug } } }' })
  assert.deepEqual(await writing.results.take(), { data: { createContent: { content: { slug: 'of-old' } } } })
  assert.deepEqual(await writing.results.take(), { complete: true })
})

test('a client of the older protocol listens, and stops', async (t) => {
  const client = connect(t)
  const { log } = await server.request('{ log { head } }')
  const query = 'subscription ($after: Position) { eventAppended(after: $after) { position } }'
  const events = run(client, { query, variables: { after: log.head } })
  for (const title of ['One', 'Two', 'Three']) {
    const { position } = await server.write(token, title)
    assert.deepEqual(await events.results.take(), { data: { eventAppended: { position } } })
  }
  events.stop()
  const { position } = await server.write(token, 'Nobody listens')
  const again = run(client, { query, variables: { after: String(position - 1) } })
  assert.deepEqual(await again.results.take(), { data: { eventAppended: { position } } })
})

test('an operation that is not valid ends with an error and leaves the connection as it was', async (t) => {
  const client = connect(t)
  const { error } = await run(client, { query: 'subscription { nothing }' }).results.take()
  assert.match(error.message, /nothing/)
  const { data } = await run(client, { query: '{ log { head } }' }).results.take()
  assert.ok(Number(data.log.head) > 0)
})

test('an unknown token is refused', async (t) => {
  const error = await new Promise((done) =>
    connect(t, { connectionParams: authorization('fd_nobody'), lazy: false, connectionCallback: (error) => error && done(error) }),
  )
  assert.match(error.message ?? error, /token/)
})

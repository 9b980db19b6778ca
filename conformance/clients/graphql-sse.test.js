import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Client, fetchExchange } from '@urql/core'
import { createClient } from 'graphql-sse'
import { Inbox } from '../inbox.js'
import { authorization, serve } from '../server.js'
import { layWire } from '../wire.js'

let server, token
before(async () => {
  server = await serve()
  token = await server.register()
})
after(() => server.stop())

const eventsAfter = 'subscription ($after: Position) { eventAppended(after: $after) { position } }'

function connect(t, options) {
  const client = createClient({ url: server.graphql, headers: authorization(token), retryAttempts: 0, ...options })
  t.after(() => client.dispose())
  return client
}

test('a query and a mutation over a stream are answered once and completed', async (t) => {
  const client = connect(t)
  const results = new Inbox()
  client.subscribe({ query: '{ viewer { displayName } }' }, results.sink)
  assert.deepEqual(await results.take(), { data: { viewer: { displayName: 'Ada' } } })
  assert.deepEqual(await results.take(), { complete: true })
  client.subscribe({ query: 'mutation { createContent(input: { title: "By stream", content: "" }) { content { slug } } }' }, results.sink)
  assert.deepEqual(await results.take(), { data: { createContent: { content: { slug: 'by-stream' } } } })
  assert.deepEqual(await results.take(), { complete: true })
})

test('what is written arrives at a subscription, until it is ended', async (t) => {
  const client = connect(t)
  const { log } = await server.request('{ log { head } }')
  const events = client.iterate({ query: eventsAfter, variables: { after: log.head } })
  for (const title of ['One', 'Two', 'Three']) {
    const { position } = await server.write(token, title)
    assert.deepEqual((await events.next()).value, { data: { eventAppended: { position } } })
  }
  assert.equal((await events.return()).done, true)
})

test('an operation that is not valid is told, and the stream completed', async (t) => {
  const results = new Inbox()
  connect(t).subscribe({ query: 'subscription { nothing }' }, results.sink)
  const told = await results.take()
  assert.match(JSON.stringify(told.errors ?? String(told.error)), /nothing|400/)
})

test('after cuts a subscription goes on after the last position, each event once', async (t) => {
  const wire = await layWire(server.port)
  t.after(() => wire.remove())
  const client = connect(t, { url: server.graphql.replace(server.port, wire.port), retryAttempts: 100, retry: async () => {} })
  const { log } = await server.request('{ log { head } }')
  let seen = log.head
  const events = new Inbox()
  const stop = client.subscribe({ query: eventsAfter, variables: { get after() { return seen } } }, {
    ...events.sink,
    next: ({ data }) => events.put((seen = data.eventAppended.position)),
  })
  let cuts = 0
  const wrote = []
  const received = []
  for (let n = 1; n <= 40; n++) {
    wrote.push((await server.write(token, `Cut ${n}`)).position)
    if (n % 5 === 0) cuts += wire.cut() // with events under way
    if (n % 4 === 0) {
      while (received.length < wrote.length) received.push(await events.take())
      cuts += wire.cut() // with all events received; the next ones find no listener
    }
  }
  assert.deepEqual(received, wrote)
  assert.ok(cuts >= 10, `${cuts} connections were cut`)
  stop()
})

for (const method of ['GET', 'POST']) {
  test(`by ${method}, an event's id is its position, and Last-Event-ID goes on after it`, async () => {
    const wrote = []
    for (let n = 1; n <= 4; n++) wrote.push((await server.write(token, `${method} ${n}`)).position)
    const before = String(wrote[0] - 1)
    assert.deepEqual(await ids(method, { after: before }, {}, 4), wrote)
    // A browser's EventSource asks again for the same address, `after` included.
    assert.deepEqual(await ids(method, { after: before }, { 'last-event-id': wrote[1] }, 2), wrote.slice(2))
    assert.deepEqual(await ids(method, {}, { 'last-event-id': wrote[2] }, 1), wrote.slice(3))
  })
}

/** Reads the ids of the first events of a subscription, as they are on the wire. */
async function ids(method, variables, headers, count) {
  const aborter = new AbortController()
  const url = new URL(server.graphql)
  if (method === 'GET') {
    url.searchParams.set('query', eventsAfter)
    url.searchParams.set('variables', JSON.stringify(variables))
  }
  const response = await fetch(url, {
    method,
    headers: { accept: 'text/event-stream', 'content-type': 'application/json', ...authorization(token), ...headers },
    body: method === 'POST' ? JSON.stringify({ query: eventsAfter, variables }) : undefined,
    signal: aborter.signal,
  })
  assert.equal(response.status, 200)
  assert.match(response.headers.get('content-type'), /^text\/event-stream/)
  const found = []
  let text = ''
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    text += chunk
    for (let end; (end = text.indexOf('\n\n')) >= 0; text = text.slice(end + 2)) {
      const event = Object.fromEntries([...text.slice(0, end).matchAll(/^(\w+): ?(.*)$/gm)].map(([, field, value]) => [field, value]))
      if (event.event !== 'next') continue // a comment that keeps the connection alive
      assert.equal(JSON.parse(event.data).data.eventAppended.position, event.id)
      found.push(event.id)
    }
    if (found.length >= count) break
  }
  aborter.abort()
  return found
}

test('urql listens without a websocket', async (t) => {
  const client = new Client({
    url: server.graphql,
    fetchSubscriptions: true,
    fetchOptions: { headers: authorization(token) },
    exchanges: [fetchExchange],
  })
  const { log } = await server.request('{ log { head } }')
  const events = new Inbox()
  const { unsubscribe } = client
    .subscription(eventsAfter, { after: log.head })
    .subscribe(({ data, error }) => events.put(error ?? data.eventAppended.position))
  t.after(unsubscribe)
  for (const title of ['One', 'Two']) {
    const { position } = await server.write(token, title)
    assert.equal(await events.take(), position)
  }
})

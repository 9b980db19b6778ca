import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createClient } from 'graphql-ws'
import WebSocket from 'ws'
import { Inbox } from '../inbox.js'
import { authorization, serve } from '../server.js'
import { layWire } from '../wire.js'

let server, token
before(async () => {
  server = await serve()
  token = await server.register()
})
after(() => server.stop())

function connect(t, options) {
  const client = createClient({
    url: server.websocket,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    connectionParams: authorization(token),
    ...options,
  })
  t.after(() => client.dispose())
  return client
}

test('a query and a mutation over the websocket are answered once and completed', async (t) => {
  const client = connect(t)
  const results = new Inbox()
  client.subscribe({ query: '{ viewer { displayName role } }' }, results.sink)
  assert.deepEqual(await results.take(), { data: { viewer: { displayName: 'Ada', role: 'ADMIN' } } })
  assert.deepEqual(await results.take(), { complete: true })
  const query = 'mutation { createContent(input: { title: "By websocket", content: "" }) { content { slug } } }'
  client.subscribe({ query }, results.sink)
  assert.deepEqual(await results.take(), { data: { createContent: { content: { slug: 'by-websocket' } } } })
  assert.deepEqual(await results.take(), { complete: true })
})

test('what is written arrives at a subscription, until it is ended', async (t) => {
  const client = connect(t)
  const { log } = await server.request('{ log { head } }')
  const events = client.iterate({
    query: 'subscription ($after: Position) { eventAppended(after: $after) { position type } }',
    variables: { after: log.head },
  })
  for (const title of ['One', 'Two', 'Three']) {
    const { position } = await server.write(token, title)
    const { value } = await events.next()
    assert.deepEqual(value, { data: { eventAppended: { position, type: 'ContentCreated' } } })
  }
  assert.equal((await events.return()).done, true)
  assert.equal((await events.next()).done, true)
})

test('an operation that is not valid ends with an error and leaves the connection as it was', async (t) => {
  const client = connect(t)
  await assert.rejects(client.iterate({ query: 'subscription { nothing }' }).next(), (errors) => {
    assert.match(errors[0].message, /nothing/)
    return true
  })
  const { value } = await client.iterate({ query: '{ log { head } }' }).next()
  assert.ok(Number(value.data.log.head) > 0)
})

test('an unknown token is refused', async (t) => {
  const client = connect(t, { connectionParams: authorization('fd_nobody') })
  await assert.rejects(client.iterate({ query: '{ log { head } }' }).next(), { code: 4403 })
})

test('ping is answered with pong', async (t) => {
  const pongs = new Inbox()
  const client = connect(t, { keepAlive: 10, lazy: false, on: { pong: (received) => pongs.put(received) } })
  assert.equal(await pongs.take(), true)
  assert.equal(await pongs.take(), true)
  await client.dispose()
})

// After a cut the client sends the operation again and reads its variables anew: a getter gives it
// the last position received.
test('after cuts a subscription goes on after the last position, each event once', async (t) => {
  const wire = await layWire(server.port)
  t.after(() => wire.remove())
  const client = connect(t, {
    url: server.websocket.replace(server.port, wire.port),
    retryAttempts: 100,
    retryWait: async () => {},
    shouldRetry: () => true,
  })
  const { log } = await server.request('{ log { head } }')
  let seen = log.head
  const events = new Inbox()
  const query = 'subscription ($after: Position) { eventAppended(after: $after) { position } }'
  const stop = client.subscribe({ query, variables: { get after() { return seen } } }, {
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

// Variables that stay as they were at first make the client ask for events that it has seen. The
// connection parameters are read anew for each connection, and tell the server.
for (const [name, seenBy] of Object.entries({
  'for the whole connection': (seen) => ({ lastEventId: seen }),
  'for one operation': (seen) => ({ lastEventId: '1', lastEventIds: { listening: seen } }),
})) {
  test(`with lastEventId ${name}, a subscription with fixed variables goes on after a cut`, async (t) => {
    const wire = await layWire(server.port)
    t.after(() => wire.remove())
    const { log } = await server.request('{ log { head } }')
    let seen = log.head
    const client = connect(t, {
      url: server.websocket.replace(server.port, wire.port),
      connectionParams: () => ({ ...authorization(token), ...seenBy(seen) }),
      generateID: () => 'listening',
      retryAttempts: 100,
      retryWait: async () => {},
      shouldRetry: () => true,
    })
    const events = new Inbox()
    const query = 'subscription ($after: Position) { eventAppended(after: $after) { position } }'
    const stop = client.subscribe({ query, variables: { after: log.head } }, {
      ...events.sink,
      next: ({ data }) => events.put((seen = data.eventAppended.position)),
    })
    for (let n = 1; n <= 6; n++) {
      const { position } = await server.write(token, `${name} ${n}`)
      assert.equal(await events.take(), position)
      assert.equal(wire.cut(), 1)
    }
    stop()
  })
}

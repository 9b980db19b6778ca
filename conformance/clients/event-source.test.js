// Clients that replace a browser's EventSource.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { fetchEventSource } from '@microsoft/fetch-event-source'
import { EventSourcePolyfill } from 'event-source-polyfill'
import { Inbox } from '../inbox.js'
import { authorization, serve } from '../server.js'
import { layWire } from '../wire.js'

// The parts of a page that fetch-event-source uses.
globalThis.window ??= globalThis
globalThis.document ??= { hidden: false, addEventListener() {}, removeEventListener() {} }

let server, token
before(async () => {
  server = await serve()
  token = await server.register()
})
after(() => server.stop())

const eventsAfter = 'subscription ($after: Position) { eventAppended(after: $after) { position } }'

test('fetch-event-source gets a message for each event, and none for a sign of life', async (t) => {
  const { log } = await server.request('{ log { head } }')
  const aborter = new AbortController()
  t.after(() => aborter.abort())
  const messages = new Inbox()
  fetchEventSource(server.graphql, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream', ...authorization(token) },
    body: JSON.stringify({ query: eventsAfter, variables: { after: log.head } }),
    signal: aborter.signal,
    openWhenHidden: true,
    onmessage: (message) => messages.put(message),
    onerror(error) {
      throw error
    },
  }).catch((error) => messages.put(error))
  for (const title of ['One', 'Two']) {
    const { position } = await server.write(token, title)
    const { id, event, data } = await messages.take()
    assert.deepEqual([id, event, JSON.parse(data)], [position, 'next', { data: { eventAppended: { position } } }])
  }
})

test('event-source-polyfill goes on after the last event, which it names in the address', async (t) => {
  t.mock.method(console, 'error', () => {}) // it reports each cut
  const wire = await layWire(server.port)
  t.after(() => wire.remove())
  const { log } = await server.request('{ log { head } }')
  const url = new URL(server.graphql.replace(server.port, wire.port))
  url.searchParams.set('query', eventsAfter)
  url.searchParams.set('variables', JSON.stringify({ after: log.head }))
  const source = new EventSourcePolyfill(url.href, { headers: authorization(token) })
  t.after(() => source.close())
  const events = new Inbox()
  source.addEventListener('next', ({ data }) => events.put(JSON.parse(data).data.eventAppended.position))
  for (let n = 1; n <= 3; n++) {
    const { position } = await server.write(token, `Polyfill ${n}`)
    assert.equal(await events.take(), position)
    if (n < 3) assert.equal(wire.cut(), 1)
  }
})

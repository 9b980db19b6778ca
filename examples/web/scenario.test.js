// The compiled code of src/, without the page itself, against a real server.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import WebSocket from 'ws'
import { Inbox } from '../../conformance/inbox.js'
import { serve } from '../../conformance/server.js'
import { layWire } from '../../conformance/wire.js'
import { connect } from './build/api.js'
import { create, head, list } from './build/contents.js'
import { edit } from './build/edit.js'
import { follow } from './build/feed.js'
import { logIn, register } from './build/session.js'

globalThis.WebSocket ??= WebSocket // Node has its own from version 22

let server, token, ada
before(async () => {
  server = await serve()
  const visitor = connect(server.graphql)
  await register(visitor, 'ada@example.org', 'correct horse battery')
  token = await logIn(visitor, 'ada@example.org', 'correct horse battery')
  ada = connect(server.graphql, token)
})
after(() => server.stop())

/** Resolves conflicts in tests where none may happen: it fails. */
const never = () => assert.fail('there was no conflict')
const titles = async (asOf) => (await list(ada, asOf)).map(({ title }) => title)

test('the list is as it is, and as it was at a position and at an instant', async () => {
  const content = await create(ada, 'Before', '')
  const then = await head(ada)
  await edit(ada, content, { title: 'After' }, never)
  await create(ada, 'Later', '')
  assert.deepEqual(await titles(), ['After', 'Later'])
  assert.deepEqual(await titles(then.position), ['Before'])
  assert.deepEqual(await titles(content.updatedAt), ['Before'])
})

test('an edit without a clash is made again on top of the newer version', async () => {
  const base = await create(ada, 'Title', 'Text')
  await edit(ada, base, { content: 'Text of somebody else' }, never)
  const conflicts = []
  const saved = await edit(ada, base, { title: 'My title' }, async (conflict) => {
    conflicts.push(conflict)
    return conflict.mine
  })
  assert.equal(saved.title, 'My title')
  assert.equal(saved.content, 'Text of somebody else')
  assert.equal(saved.version, 3)
  assert.equal(conflicts.length, 1)
  const [{ since, clashes, theirs }] = conflicts
  assert.deepEqual(clashes, [])
  assert.equal(theirs.version, 2)
  assert.deepEqual(since.map(({ type, actor }) => [type, actor.displayName]), [['ContentUpdated', 'ada']])
})

test('a field that both changed is resolved by a choice, as often as it takes', async () => {
  const base = await create(ada, 'Title', 'Text')
  let theirs = await edit(ada, base, { title: 'Theirs' }, never)
  const clashes = []
  const saved = await edit(ada, base, { title: 'Mine', content: 'My text' }, async (conflict) => {
    clashes.push(conflict.clashes)
    if (clashes.length === 1) theirs = await edit(ada, theirs, { title: 'Theirs again' }, never) // during the choice
    return { ...conflict.mine, title: `${conflict.theirs.title} and ${conflict.mine.title}` }
  })
  assert.deepEqual(clashes, [['title'], ['title']])
  assert.equal(saved.title, 'Theirs again and Theirs and Mine')
  assert.equal(saved.content, 'My text')
})

test('an edit that is given up writes nothing', async () => {
  const base = await create(ada, 'Title', 'Text')
  await edit(ada, base, { title: 'Theirs' }, never)
  const before = await head(ada)
  assert.equal(await edit(ada, base, { title: 'Mine' }, async () => undefined), undefined)
  assert.deepEqual(await head(ada), before)
})

test('a refused command says in plain words what is wrong', async () => {
  const base = await create(ada, 'Title', 'Text')
  await assert.rejects(edit(ada, base, { title: '' }, never), /title/)
  await assert.rejects(create(connect(server.graphql), 'By a visitor', ''), /log in/)
})

test('after cuts the feed goes on after the last position, each event once', async (t) => {
  const wire = await layWire(server.port)
  t.after(() => wire.remove())
  const listening = connect(server.graphql.replace(server.port, wire.port), token, { retryWait: async () => {} })
  t.after(() => listening.socket.dispose())
  let content = await create(ada, 'Followed', '')
  const cursor = await head(ada)
  const events = new Inbox()
  const listener = { event: (event) => events.put(event.position), reset: assert.fail, failed: assert.fail }
  t.after(follow(listening, cursor, listener))
  let cuts = 0
  const wrote = []
  const received = []
  for (let n = 1; n <= 40; n++) {
    content = await edit(ada, content, { title: `Followed ${n}` }, never)
    wrote.push((await head(ada)).position)
    if (n % 5 === 0) cuts += wire.cut() // with events under way
    if (n % 4 === 0) {
      while (received.length < wrote.length) received.push(await events.take())
      cuts += wire.cut() // with all events received; the next ones find no listener
    }
  }
  assert.deepEqual(received, wrote)
  assert.ok(cuts >= 10, `${cuts} connections were cut`)
})

test('an unknown token ends the feed, and is not tried again', async (t) => {
  const listening = connect(server.graphql, 'fd_nobody')
  t.after(() => listening.socket.dispose())
  const problems = new Inbox()
  const listener = { event: assert.fail, reset: assert.fail, failed: (problem) => problems.put(problem) }
  t.after(follow(listening, await head(ada), listener))
  assert.equal((await problems.take()).code, 4403)
})

test('a cursor of another log is told to begin again', async (t) => {
  const listening = connect(server.graphql)
  t.after(() => listening.socket.dispose())
  const resets = new Inbox()
  const listener = { event: assert.fail, reset: (reason) => resets.put(reason), failed: assert.fail }
  t.after(follow(listening, { position: '1', lineage: 'another' }, listener))
  assert.match(await resets.take(), /log/)
})

// One id is asked for at two moments, through every normalised cache, with the keys of
// docs/clients.md.

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import * as apollo4 from '@apollo/client'
import { Client, fetchExchange } from '@urql/core'
import { cacheExchange } from '@urql/exchange-graphcache'
import apollo3 from 'apollo-client-3/core/core.cjs'
import { getIntrospectionQuery } from 'graphql'
import relay from 'relay-runtime'
import { getDataID, keyOf } from '../keys.js'
import { compile } from '../relay.js'
import { authorization, serve } from '../server.js'

let server, token
before(async () => {
  server = await serve()
  token = await server.register()
})
after(() => server.stop())

const query = `query MomentsQuery($id: ID!, $then: AsOf) {
  now: content(id: $id) {
    __typename id asOf title
    author { __typename id asOf displayName }
    revision(version: 1) { __typename id asOf title author { __typename id asOf displayName } }
    history(first: 1) { nodes { __typename id asOf subject { __typename id asOf ... on Content { title } } } }
  }
  then: content(id: $id, asOf: $then) {
    __typename id asOf title
    author { __typename id asOf displayName }
    history(first: 1) { nodes { __typename id asOf actor { __typename id asOf displayName } } }
  }
}`

const rename = `mutation MomentsMutation($id: ID!) {
  updateContent(input: { id: $id, title: "Third" }) { content { __typename id asOf title } }
}`

/** Writes a content, renames it and its author, and returns the variables of the query. */
async function write() {
  const { id, position } = await server.write(token, 'First')
  const { viewer } = await server.request('{ viewer { id } }', { token })
  await server.request(
    `mutation ($id: ID!, $user: ID!) {
      updateUser(input: { id: $user, displayName: "Countess" }) { errors { message } }
      updateContent(input: { id: $id, title: "Second" }) { errors { message } }
    }`,
    { variables: { id, user: viewer.id }, token },
  )
  return { id, then: position }
}

/** Gives the author back the name that every test begins with. */
async function reset() {
  const { viewer } = await server.request('{ viewer { id } }', { token })
  await server.request('mutation ($id: ID!) { updateUser(input: { id: $id, displayName: "Ada" }) { errors { message } } }', {
    variables: { id: viewer.id },
    token,
  })
}

/** Fails unless an answer has both moments. */
function bothMoments({ now, then }, title, position) {
  assert.deepEqual([now.title, now.asOf, now.author.displayName, now.author.asOf], [title, null, 'Countess', null])
  assert.deepEqual([then.title, then.asOf, then.author.displayName, then.author.asOf], ['First', position, 'Ada', position])
  assert.deepEqual([now.revision.title, now.revision.asOf, now.revision.author.displayName], ['First', position, 'Ada'])
  assert.deepEqual([now.history.nodes[0].asOf, now.history.nodes[0].subject.title], [null, 'First'])
  assert.equal(then.history.nodes[0].actor.displayName, 'Ada')
}

/** Asks with a client, changes the content through it, and looks at what the cache has then. */
async function keeps({ ask, change, look }) {
  await reset()
  const variables = await write()
  bothMoments(await ask(variables), 'Second', variables.then)
  bothMoments(await look(variables), 'Second', variables.then)
  await change({ id: variables.id })
  bothMoments(await look(variables), 'Third', variables.then)
}

for (const [version, { ApolloClient, gql, HttpLink, InMemoryCache }] of [[3, apollo3], [4, apollo4]]) {
  test(`Apollo Client ${version} keeps an object at two moments`, async (t) => {
    const client = new ApolloClient({
      cache: new InMemoryCache({ dataIdFromObject: keyOf }),
      link: new HttpLink({ uri: server.graphql, headers: authorization(token) }),
    })
    t.after(() => client.stop())
    const data = async (answer) => (await answer).data
    await keeps({
      ask: (variables) => data(client.query({ query: gql(query), variables })),
      change: (variables) => client.mutate({ mutation: gql(rename), variables }),
      look: (variables) => data(client.query({ query: gql(query), variables, fetchPolicy: 'cache-only' })),
    })
  })
}

test('graphcache keeps an object at two moments', async () => {
  const schema = await server.request(getIntrospectionQuery(), { token })
  const keys = Object.fromEntries(
    schema.__schema.types
      .filter(({ fields }) => fields?.some(({ name }) => name === 'asOf') && fields.some(({ name }) => name === 'id'))
      .map(({ name }) => [name, keyOf]),
  )
  assert.ok(keys.Content && keys.Slide && keys.ContentUpdated)
  const client = new Client({
    url: server.graphql,
    preferGetMethod: false,
    fetchOptions: { headers: authorization(token) },
    exchanges: [cacheExchange({ schema, keys }), fetchExchange],
  })
  const data = async (answer) => {
    const { data, error } = await answer.toPromise()
    assert.equal(error, undefined)
    return data
  }
  await keeps({
    ask: (variables) => data(client.query(query, variables)),
    change: (variables) => data(client.mutation(rename, variables)),
    look: (variables) => data(client.query(query, variables, { requestPolicy: 'cache-only' })),
  })
})

test('Relay keeps an object at two moments', async (t) => {
  const { commitMutation, createOperationDescriptor, Environment, fetchQuery, getRequest, Network, RecordSource, Store } = relay
  const require = createRequire(
    join(await compile(t, { 'Moments.js': `import { graphql } from 'relay-runtime'\ngraphql\`${query}\`\ngraphql\`${rename}\`\n` }), 'index.js'),
  )
  const [asked, changed] = [require('./MomentsQuery.graphql.js'), require('./MomentsMutation.graphql.js')]
  const environment = new Environment({
    getDataID,
    network: Network.create(async ({ text }, variables) => ({ data: await server.request(text, { variables, token }) })),
    store: new Store(new RecordSource()),
  })
  const descriptor = (variables) => createOperationDescriptor(getRequest(asked), variables)
  await keeps({
    ask: async (variables) => {
      environment.retain(descriptor(variables))
      return fetchQuery(environment, asked, variables).toPromise()
    },
    change: (variables) =>
      new Promise((onCompleted, onError) => commitMutation(environment, { mutation: changed, variables, onCompleted, onError })),
    look: (variables) => environment.lookup(descriptor(variables).fragment).data,
  })
})

test('the keys are those of the documentation', async () => {
  const page = await readFile(new URL('../../docs/clients.md', import.meta.url), 'utf8')
  for (const key of [keyOf, getDataID]) assert.ok(page.includes(`\n${key}\n`), `docs/clients.md lacks\n${key}`)
})

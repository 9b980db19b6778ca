import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ApolloClient, ApolloLink, CombinedGraphQLErrors, gql, HttpLink, InMemoryCache } from '@apollo/client'
import { GraphQLWsLink } from '@apollo/client/link/subscriptions'
import { relayStylePagination } from '@apollo/client/utilities'
import { OperationTypeNode } from 'graphql'
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

/** Returns a client set up as documented: subscriptions by websocket, the rest by HTTP. */
function connect(t, cache = new InMemoryCache()) {
  const http = new HttpLink({ uri: server.graphql, headers: authorization(token) })
  const socket = createClient({ url: server.websocket, webSocketImpl: WebSocket, connectionParams: authorization(token) })
  const client = new ApolloClient({
    cache,
    link: ApolloLink.split(({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION, new GraphQLWsLink(socket), http),
  })
  t.after(() => {
    client.stop()
    return socket.dispose()
  })
  return client
}

const content = gql`
  query Content($id: ID!) {
    content(id: $id) {
      id
      title
      version
    }
  }
`

test("a mutation's answer changes what a query has in the cache", async (t) => {
  const client = connect(t)
  const { id } = await server.write(token, 'First')
  const seen = new Inbox()
  const watching = client.watchQuery({ query: content, variables: { id } }).subscribe(({ data }) => data && seen.put(data.content.title))
  t.after(() => watching.unsubscribe())
  assert.equal(await seen.take(), 'First')
  const { data } = await client.mutate({
    mutation: gql`
      mutation Rename($id: ID!) {
        updateContent(input: { id: $id, expectedVersion: 1, title: "Second" }) {
          content {
            id
            title
            version
          }
          errors {
            message
          }
        }
      }
    `,
    variables: { id },
  })
  assert.deepEqual(data.updateContent.errors, [])
  assert.equal(await seen.take(), 'Second')
})

test('a subscription brings what is written, typed by its fragments', async (t) => {
  const client = connect(t)
  const { log } = await server.request('{ log { head } }')
  const events = new Inbox()
  const listening = client
    .subscribe({
      query: gql`
        subscription Events($after: Position) {
          eventAppended(after: $after) {
            position
            ... on ContentCreated {
              title
            }
          }
        }
      `,
      variables: { after: log.head },
    })
    .subscribe(events.sink)
  t.after(() => listening.unsubscribe())
  for (const title of ['One', 'Two']) {
    const { position } = await server.write(token, title)
    const { data } = await events.take()
    assert.deepEqual(data.eventAppended, { __typename: 'ContentCreated', position, title })
  }
})

test('pages of a connection join into one list without gap or repetition', async (t) => {
  const cache = new InMemoryCache({ typePolicies: { Query: { fields: { contents: relayStylePagination(['search']) } } } })
  const client = connect(t, cache)
  for (let n = 1; n <= 5; n++) await server.write(token, `Pages ${n}`)
  const query = gql`
    query Pages($after: String) {
      contents(first: 2, after: $after, search: "Pages", orderBy: { field: TITLE, direction: ASC }) {
        edges {
          cursor
          node {
            id
            title
          }
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  `
  const list = client.watchQuery({ query })
  const watching = list.subscribe(() => {})
  t.after(() => watching.unsubscribe())
  let { data } = await client.query({ query })
  while (data.contents.pageInfo.hasNextPage) {
    await server.write(token, 'Pages 0') // it would move the other rows, but the cursor holds a position of the log
    await list.fetchMore({ variables: { after: data.contents.pageInfo.endCursor } })
    data = list.getCurrentResult().data
  }
  assert.deepEqual(data.contents.edges.map(({ node }) => node.title), ['Pages 1', 'Pages 2', 'Pages 3', 'Pages 4', 'Pages 5'])
})

test('a refused command is data, and a wrong request is an error with a code', async (t) => {
  const client = connect(t)
  const { id } = await server.write(token, 'Never changed')
  const { data } = await client.mutate({
    mutation: gql`
      mutation TooLate($id: ID!) {
        updateContent(input: { id: $id, expectedVersion: 7, title: "x" }) {
          errors {
            __typename
            ... on VersionConflictError {
              actual
            }
          }
        }
      }
    `,
    variables: { id },
  })
  assert.deepEqual(data.updateContent.errors, [{ __typename: 'VersionConflictError', actual: 1 }])
  await assert.rejects(client.query({ query: gql`{ nothing }` }), (error) => {
    assert.ok(CombinedGraphQLErrors.is(error))
    assert.equal(error.errors[0].extensions.code, 'GRAPHQL_VALIDATION_FAILED')
    return true
  })
})

// Apollo copies the variables when it subscribes: a getter in them is read once.
test('with lastEventId in connectionParams, a subscription goes on after a cut without repetition', async (t) => {
  const wire = await layWire(server.port)
  t.after(() => wire.remove())
  const { log } = await server.request('{ log { head } }')
  let seen = log.head
  const socket = createClient({
    url: server.websocket.replace(server.port, wire.port),
    webSocketImpl: WebSocket,
    connectionParams: () => ({ ...authorization(token), lastEventId: seen }),
    retryAttempts: 100,
    retryWait: async () => {},
    shouldRetry: () => true,
  })
  const client = new ApolloClient({ cache: new InMemoryCache(), link: new GraphQLWsLink(socket) })
  t.after(() => {
    client.stop()
    return socket.dispose()
  })
  const events = new Inbox()
  const query = gql`
    subscription Events($after: Position) {
      eventAppended(after: $after) {
        position
      }
    }
  `
  const listening = client
    .subscribe({ query, variables: { after: log.head } })
    .subscribe(({ data }) => events.put((seen = data.eventAppended.position)))
  t.after(() => listening.unsubscribe())
  for (let n = 1; n <= 6; n++) {
    const { position } = await server.write(token, `Apollo ${n}`)
    assert.equal(await events.take(), position)
    assert.equal(wire.cut(), 1)
  }
})

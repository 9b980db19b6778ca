// The two connections to the server: urql sends queries and mutations by HTTP, graphql-ws listens
// on a websocket, which it opens again by itself.

import { Client, fetchExchange, type OperationResult } from '@urql/core'
import { createClient, type Client as Socket, type ClientOptions as SocketOptions } from 'graphql-ws'

export interface Api {
  http: Client
  socket: Socket
}

/**
 * Prepares both connections to an address such as `http://127.0.0.1:8080/graphql`. Requests without
 * a token are those of a visitor.
 */
export function connect(url: string, token?: string, options?: Partial<SocketOptions>): Api {
  const headers: Record<string, string> = token ? { authorization: `Bearer ${token}` } : {}
  return {
    http: new Client({ url, exchanges: [fetchExchange], fetchOptions: { headers }, preferGetMethod: false }),
    socket: createClient({
      url: url.replace(/^http/, 'ws'),
      connectionParams: headers,
      retryAttempts: Infinity,
      // By default graphql-ws does not try again after a connection that fails while it opens.
      shouldRetry: (problem) => !isForbidden(problem),
      ...options,
    }),
  }
}

/** Tells whether a connection was closed because its token is unknown or has expired. */
function isForbidden(problem: unknown): boolean {
  return typeof problem === 'object' && problem !== null && 'code' in problem && problem.code === 4403
}

/** Returns the data of a result. It throws the result's error. */
export async function dataOf<Data>(result: PromiseLike<OperationResult<Data>>): Promise<Data> {
  const { data, error } = await result
  if (error) throw error
  if (!data) throw new Error('the answer is empty')
  return data
}

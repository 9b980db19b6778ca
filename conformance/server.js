// A server for one test file: the built binary on a new, empty database and a free port.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

// The test runner stops a file that takes too long, and with it the file's servers.
process.once('SIGTERM', () => process.exit(1))

export const binary = process.env.FLIGHTDECK_BINARY ?? fileURLToPath(new URL('../flightdeck', import.meta.url))

/**
 * Serves an empty database, with further flags of `flightdeck serve`. The caller must stop the
 * server.
 *
 * @param {...string} flags
 */
export async function serve(...flags) {
  if (!existsSync(binary)) {
    throw new Error(`there is no ${binary}: run go build -o flightdeck . in the root, or name the binary in FLIGHTDECK_BINARY`)
  }
  const folder = await mkdtemp(join(tmpdir(), 'flightdeck-'))
  const child = spawn(
    binary,
    ['serve', '--db', join(folder, 'flightdeck.db'), '--addr', '127.0.0.1:0', '--log-level', 'error', ...flags],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  const exited = once(child, 'exit')
  process.once('exit', () => child.kill('SIGKILL'))
  let problems = ''
  child.stderr.setEncoding('utf8').on('data', (text) => (problems += text))
  const greeting = await Promise.race([once(createInterface(child.stdout), 'line'), exited])
  const url = /http:\/\/[0-9.:]+/.exec(String(greeting[0]))?.[0]
  if (!url) {
    await rm(folder, { recursive: true })
    throw new Error(`the server did not say where it is: ${problems}`)
  }
  return new Server(url, async () => {
    child.kill('SIGTERM')
    const [status] = await exited
    await rm(folder, { recursive: true })
    assert.equal(problems, '', 'the server complained')
    assert.equal(status, 0, 'the server did not stop in order')
  })
}

class Server {
  /** Stops the server, and fails if it wrote to its standard error. */
  stop

  constructor(url, stop) {
    this.stop = stop
    this.port = Number(new URL(url).port)
    this.graphql = `${url}/graphql`
    this.websocket = this.graphql.replace('http', 'ws')
  }

  /** Registers the first user, an admin, and returns the token. */
  async register() {
    const { registerUser } = await this.request(
      `mutation { registerUser(input: { email: "ada@example.org", displayName: "Ada", password: "correct horse battery" }) { token } }`,
    )
    return registerUser.token
  }

  /** Posts an operation with fetch and returns its data. */
  async request(query, { variables, token } = {}) {
    const response = await fetch(this.graphql, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(token && authorization(token)) },
      body: JSON.stringify({ query, variables }),
    })
    const { data, errors } = await response.json()
    assert.equal(errors, undefined)
    return data
  }

  /** Creates a content and returns it. */
  async write(token, title) {
    const { createContent } = await this.request(
      `mutation ($title: String!) {
        createContent(input: { title: $title, content: "text" }) { content { id version } position errors { message } }
      }`,
      { variables: { title }, token },
    )
    assert.deepEqual(createContent.errors, [])
    return { ...createContent.content, position: createContent.position }
  }
}

/** Returns the header, or the websocket's connection parameter, that carries the token. */
export function authorization(token) {
  return { authorization: `Bearer ${token}` }
}

// A wire between a client and a server. A test cuts it as a network does: without a close frame.

import { once } from 'node:events'
import { connect, createServer } from 'node:net'

/**
 * Lays a wire to a port of this machine.
 *
 * @param {number} port
 */
export async function layWire(port) {
  const sockets = new Set()
  const listener = createServer((near) => {
    const far = connect(port, '127.0.0.1')
    for (const [from, to] of [[near, far], [far, near]]) {
      sockets.add(from)
      from.on('error', () => {}) // the other side was cut
      from.on('close', () => {
        sockets.delete(from)
        to.destroy()
      })
      from.pipe(to)
    }
  }).listen(0, '127.0.0.1')
  await once(listener, 'listening')
  return {
    port: listener.address().port,

    /** Cuts every connection and returns their number. New connections are still accepted. */
    cut() {
      const connections = sockets.size / 2
      for (const socket of sockets) socket.destroy()
      return connections
    },

    /** Cuts every connection and stops listening. */
    async remove() {
      this.cut()
      listener.close()
      await once(listener, 'close')
    },
  }
}

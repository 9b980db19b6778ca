// A wire between a client and a server that can be cut, as a network does: without a
// close frame.

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
      from.on('error', () => {}) // it is cut
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

    /** Cuts every connection; new ones can be made. It returns how many there were. */
    cut() {
      const connections = sockets.size / 2
      for (const socket of sockets) socket.destroy()
      return connections
    },

    /** Takes the wire away. */
    async remove() {
      this.cut()
      listener.close()
      await once(listener, 'close')
    },
  }
}

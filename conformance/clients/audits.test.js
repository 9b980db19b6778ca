import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { serverAudits } from 'graphql-http'
import { serve } from '../server.js'

let server
before(async () => (server = await serve()))
after(() => server.stop())

test('every audit of GraphQL over HTTP is met, none with a warning', async (t) => {
  const audits = serverAudits({ url: () => server.graphql })
  assert.equal(audits.length, 61)
  for (const audit of audits) {
    await t.test(`${audit.id} ${audit.name}`, async () => {
      const result = await audit.fn()
      assert.equal(result.status, 'ok', result.reason)
    })
  }
})

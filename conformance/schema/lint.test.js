import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { ESLint } from 'eslint'
import { config } from './lint.config.js'
import { folderOf, printSchema } from './print.js'

/** Lints a schema and returns the problems, a line each. */
async function lint(t, text) {
  const folder = await folderOf(t, { 'schema.graphql': text })
  const eslint = new ESLint({ cwd: folder, overrideConfigFile: true, overrideConfig: config(join(folder, 'schema.graphql')) })
  const results = await eslint.lintFiles(['schema.graphql'])
  assert.equal(results.length, 1)
  return results[0].messages.map(({ line, message, ruleId }) => `${line}: ${message} (${ruleId})`)
}

test('graphql-eslint finds nothing in the printed schema', async (t) => {
  assert.deepEqual(await lint(t, await printSchema()), [])
})

test('graphql-eslint finds breaches of its rules', async (t) => {
  const schema = await printSchema()
  for (const [rule, addition] of Object.entries({
    'naming-convention': '"A."\nenum NewEnum { "A." A }\nextend type LogStatus { "A." a: NewEnum }',
    'require-description': 'extend type LogStatus { undescribed: Int }',
    'relay-arguments': 'extend type LogStatus { "A." pages: UserConnection }',
    'relay-connection-types':
      '"A."\ntype OddConnection { "A." edges: Int }\n' +
      'extend type LogStatus { "A." odd("A." first: Int, "A." after: String): OddConnection }',
    'no-unreachable-types': '"A."\ntype Odd { "A." id: ID! }',
  })) {
    const found = await lint(t, `${schema}\n${addition}\n`)
    assert.ok(found.some((line) => line.endsWith(`(@graphql-eslint/${rule})`)), `${rule} is not among ${JSON.stringify(found)}`)
  }
})

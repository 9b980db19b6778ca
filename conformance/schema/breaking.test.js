// The baseline is the schema that clients were promised. A change that breaks a client of it fails
// this test. To promise another schema, run
//
//	go run . schema >conformance/schema/baseline.graphql

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { CriticalityLevel, diff } from '@graphql-inspector/core'
import { buildSchema } from 'graphql'
import { printSchema } from './print.js'

const baseline = await readFile(new URL('baseline.graphql', import.meta.url), 'utf8')

/** Returns the changes that graphql-inspector calls breaking, one message each. */
async function breaks(before, after) {
  const changes = await diff(buildSchema(before), buildSchema(after))
  return changes.filter(({ criticality }) => criticality.level === CriticalityLevel.Breaking).map(({ message }) => message)
}

test('no client of the baseline is broken', async () => {
  assert.deepEqual(await breaks(baseline, await printSchema()), [])
})

test('a change that breaks a client is found', async () => {
  for (const [change, from, to] of [
    ['a field is gone', described('slug: String!'), ''],
    ['a value of an enum is gone', described('ARCHIVED'), ''],
    ['a result may be null', '  head: Position!', '  head: Position'],
    ['an argument is required', '    asOf: AsOf\n', '    asOf: AsOf!\n'],
    ['an input is required', '  expectedVersion: Int\n', '  expectedVersion: Int!\n'],
    ['a member of a union is gone', ' | Checkpoint', ''],
    ['an interface is gone', 'type Slide implements Node', 'type Slide'],
  ]) {
    const after = baseline.replace(from, to)
    assert.notEqual(after, baseline, `${change}: the baseline has no ${from}`)
    assert.notDeepEqual(await breaks(baseline, after), [], change)
  }
})

/** Matches a line of a definition, with the description above it. */
function described(line) {
  return new RegExp(`  """\n  .*\n  """\n  ${line}\n`)
}

test('an addition breaks no client', async () => {
  assert.deepEqual(await breaks(baseline, `${baseline}\nextend type LogStatus { more: Int }`), [])
})

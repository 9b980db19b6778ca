// Several hundred generated documents with variables are judged by graphql-js and by the server:
// what one refuses, the other refuses. The schema is read as tools read it, printed and by
// introspection.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import * as graphql16 from 'graphql'
import * as graphql15 from 'graphql-15'
import { getVariableValues as getVariableValues15 } from 'graphql-15/execution/values.js'
import * as graphql17 from 'graphql-17'
import { generator } from '../documents.js'
import { printSchema } from '../schema/print.js'
import { serve } from '../server.js'

const versions = {
  15: { ...graphql15, getVariableValues: getVariableValues15 },
  16: graphql16,
  17: graphql17,
}

let server, printed
before(async () => {
  server = await serve()
  printed = await printSchema()
})
after(() => server.stop())

/** Says how graphql-js judges a request: syntax, refused or accepted. */
function judge({ parse, validate, getOperationAST, getVariableValues }, schema, { query, variables }) {
  let document
  try {
    document = parse(query)
  } catch {
    return 'syntax'
  }
  if (validate(schema, document).length > 0) return 'refused'
  const operation = getOperationAST(document)
  if (!operation) return 'refused'
  return getVariableValues(schema, operation.variableDefinitions ?? [], variables).errors?.length ? 'refused' : 'accepted'
}

/** Says how the server judges a request; undefined for too much. Data means accepted. */
async function ask(request) {
  const response = await fetch(server.graphql, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json' },
    body: JSON.stringify(request),
  })
  const answer = await response.json()
  if ('data' in answer) return 'accepted'
  const { code } = answer.errors[0].extensions
  if (code === 'LIMIT_EXCEEDED') return undefined // how much is allowed is not a question of the specification
  assert.ok(['GRAPHQL_PARSE_FAILED', 'GRAPHQL_VALIDATION_FAILED'].includes(code), `${JSON.stringify(request)}: ${JSON.stringify(answer)}`)
  return code === 'GRAPHQL_PARSE_FAILED' ? 'syntax' : 'refused'
}

/** Gives the scalars of FlightDeck in a schema of graphql-js the values that they have. */
function withScalars(schema) {
  const instant = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d([.,]\d+)?([Zz]|[+-]\d\d:\d\d)$/
  const position = (value) => ['string', 'number'].includes(typeof value) && /^\d{1,18}$/.test(String(value))
  const checks = {
    AsOf: (value) => position(value) || (typeof value === 'string' && instant.test(value)),
    DateTime: (value) => typeof value === 'string' && instant.test(value),
    Position: position,
  }
  for (const [name, check] of Object.entries(checks)) {
    const coerce = (value) => {
      if (!check(value)) throw new TypeError(`${value} is not a value of ${name}`)
      return value
    }
    const literal = ({ kind, value }) => coerce(kind === 'IntValue' || kind === 'StringValue' ? value : undefined)
    Object.assign(schema.getType(name), { parseValue: coerce, parseLiteral: literal, coerceInputValue: coerce, coerceInputLiteral: literal })
  }
  return schema
}

// Requests that a version of graphql-js judges in another way, and why the server does not follow.
const differences = [
  {
    why: '@oneOf is no directive of the specification that version 15 follows',
    is: ({ query, variables }, version) => version === '15' && /BatchCommand|SlidePlacement|\b(at|to|commands)"?:/.test(query + JSON.stringify(variables)),
  },
  {
    why: 'half of a surrogate pair is no character since the specification of 2021; version 15 is older',
    is: ({ query }, version) => version === '15' && /\\uD83D(?!\\uDE00)/.test(query),
  },
]

for (const [version, graphql] of Object.entries(versions)) {
  test(`graphql-js ${version} reads the schema, printed and by introspection`, async () => {
    const fromText = graphql.buildSchema(printed)
    assert.deepEqual(graphql.validateSchema(fromText), [])
    const { __schema } = await server.request(graphql.getIntrospectionQuery({ specifiedByUrl: version !== '15', directiveIsRepeatable: true, schemaDescription: true }))
    const read = graphql.buildClientSchema({ __schema })
    assert.deepEqual(graphql.validateSchema(read), [])
    assert.deepEqual(
      read.getDirectives().map(({ name }) => name).sort(),
      ['deprecated', 'include', 'oneOf', 'skip', 'specifiedBy'],
    )
    const names = (schema) => Object.keys(schema.getTypeMap()).filter((name) => !name.startsWith('__')).sort()
    assert.deepEqual(names(read), [...new Set([...names(fromText), 'Float'])].sort())
  })

  test(`graphql-js ${version} and the server judge alike`, async () => {
    const schema = withScalars(graphql.buildSchema(printed))
    const next = generator(withScalars(graphql16.buildSchema(printed)), Number(version))
    const counts = { syntax: 0, refused: 0, accepted: 0 }
    const wrong = []
    for (let i = 0; i < 400; i++) {
      const request = next()
      const [want, got] = [judge(graphql, schema, request), await ask(request)]
      counts[want]++
      if (got && want !== got && !differences.some(({ is }) => is(request, version))) wrong.push({ ...request, want, got })
    }
    assert.deepEqual(wrong.slice(0, 10), [], `${wrong.length} of 400 differ`)
    for (const [verdict, count] of Object.entries(counts)) assert.ok(count > 20, `${count} documents were ${verdict}`)
  })
}

test('introspection answers null where the specification says so', async () => {
  const { __schema } = await server.request(graphql16.getIntrospectionQuery({ oneOf: true }))
  for (const type of __schema.types) {
    const has = {
      fields: ['OBJECT', 'INTERFACE'],
      interfaces: ['OBJECT', 'INTERFACE'],
      possibleTypes: ['INTERFACE', 'UNION'],
      enumValues: ['ENUM'],
      inputFields: ['INPUT_OBJECT'],
      isOneOf: ['INPUT_OBJECT'],
    }
    for (const [field, kinds] of Object.entries(has)) {
      assert.equal(type[field] !== null, kinds.includes(type.kind), `${field} of ${type.name} is ${JSON.stringify(type[field])}`)
    }
  }
})

// Generates requests for a schema: most are valid, many are not.

import { isEnumType, isInputObjectType, isLeafType, isListType, isNonNullType, getNamedType } from 'graphql'

/**
 * Returns a function that returns requests, a query text with variables. The same seed gives the
 * same requests.
 *
 * @param {import('graphql').GraphQLSchema} schema
 * @param {number} seed
 */
export function generator(schema, seed) {
  const random = mulberry32(seed)
  return () => new Writer(schema, random).request()
}

/** A small generator of pseudo-random numbers from 0 to 1. */
function mulberry32(state) {
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

// Values that have no type, or another type than many places ask for: in documents and in JSON.
const literals = ['1', '-1', '1.0', '1.5', '2147483647', '2147483648', '"1"', '"text"', '"\\uD83D"', '"\\uD83D\\uDE00"', 'true', 'null', 'RED', '[]', '[1]', '{}', '{a: 1}', '$undefined', '""']
const values = [1, -1, 1.5, 2147483647, 2147483648, '1', 'text', true, null, 'published', [], [1], [null], {}, { a: 1 }, '']

// Texts that take the place of a part of a document.
const fragments = ['', '{', '}', '(', ')', '$v', '@skip(if: true)', '@include', '@defer', '...', '... on User { id }', '...F', 'id', 'nothing', '"', '1', 'query', 'fragment', ':', '!', '#', '__typename', '__schema { queryType { name } }', 'on']

class Writer {
  constructor(schema, random) {
    Object.assign(this, { schema, random, variables: {}, declared: [], left: 25, names: 0 })
  }

  chance(oneIn) {
    return this.random() * oneIn < 1
  }

  pick(list) {
    return list[Math.floor(this.random() * list.length)]
  }

  request() {
    const operation = this.chance(5) ? 'mutation' : 'query'
    const root = operation === 'query' ? this.schema.getQueryType() : this.schema.getMutationType()
    const body = this.selection(root, 4)
    const head = this.declared.length > 0 || operation === 'mutation' || this.chance(3) ? `${operation}${this.chance(3) ? ' Q' : ''}${this.declaration()} ` : ''
    let query = head + body
    if (this.chance(8)) query += ` fragment F on ${this.pick(['Content', 'User', 'Nothing', 'Node'])} { ${this.pick(['id', 'nothing', '...F'])} }`
    if (this.chance(3)) query = this.damage(query)
    return { query, variables: this.variables }
  }

  declaration() {
    return this.declared.length > 0 ? `(${this.declared.join(', ')})` : ''
  }

  /** Replaces, inserts or removes a token. */
  damage(query) {
    const tokens = query.match(/\$?\w+|"(?:[^"\\]|\\.)*"|\.\.\.|[^\s\w]/g)
    const at = Math.floor(this.random() * tokens.length)
    tokens.splice(at, this.chance(2) ? 1 : 0, this.pick(this.chance(2) ? fragments : tokens))
    return tokens.join(' ')
  }

  selection(type, depth) {
    const fields = Object.values(type.getFields?.() ?? {}).filter((field) => depth > 1 || isLeafType(getNamedType(field.type)))
    const chosen = []
    for (let i = 0, n = 1 + Math.floor(this.random() * 4); i < n && fields.length > 0 && this.left-- > 0; i++) chosen.push(this.field(this.pick(fields), depth))
    if (chosen.length === 0 || this.chance(8)) chosen.push('__typename')
    const possible = this.schema.getPossibleTypes && (type.astNode?.kind === 'InterfaceTypeDefinition' || type.astNode?.kind === 'UnionTypeDefinition') ? this.schema.getPossibleTypes(type) : []
    if (possible.length > 0 && this.chance(2)) {
      const on = this.pick(possible)
      chosen.push(`... on ${on.name} ${this.selection(on, depth - 1)}`)
    }
    return `{ ${chosen.join(' ')} }`
  }

  field(field, depth) {
    const given = []
    for (const argument of field.args) {
      const needed = isNonNullType(argument.type) && argument.defaultValue === undefined
      if (needed ? !this.chance(30) : this.chance(3)) given.push(`${this.chance(60) ? 'nothing' : argument.name}: ${this.argument(argument.type)}`)
    }
    const alias = given.length > 0 || this.chance(6) ? `a${this.chance(20) ? 0 : ++this.names}: ` : ''
    const type = getNamedType(field.type)
    const below = isLeafType(type) ? (this.chance(60) ? ' { id }' : '') : this.chance(60) ? '' : ` ${this.selection(type, depth - 1)}`
    const directive = this.chance(12) ? this.pick([' @skip(if: false)', ' @include(if: true)', ' @include(if: $undefined)', ' @skip', ' @nothing', ' @skip(if: "x")', ' @deprecated']) : ''
    return `${alias}${field.name}${given.length > 0 ? `(${given.join(', ')})` : ''}${directive}${below}`
  }

  /** Returns an argument: a literal, or a variable, which it declares. */
  argument(type) {
    if (!this.chance(3)) return this.literal(type, 3)
    const name = `v${this.declared.length}`
    const declared = this.chance(10) ? this.pick(['Int', 'String!', '[ID!]', 'Nothing', 'Content']) : String(type)
    const nullable = isNonNullType(type) || declared.endsWith('!') ? '' : this.pick(['', '', '!'])
    this.declared.push(`$${name}: ${declared}${nullable}${this.chance(10) ? ` = ${this.literal(type, 2)}` : ''}`)
    if (!this.chance(12)) this.variables[name] = this.value(type, 3)
    return `$${name}`
  }

  literal(type, depth) {
    if (this.chance(12)) return this.pick(literals)
    if (isNonNullType(type)) return this.literal(type.ofType, depth)
    if (isListType(type)) return this.chance(4) ? this.literal(type.ofType, depth) : `[${[...Array(Math.floor(this.random() * 3))].map(() => this.literal(type.ofType, depth)).join(', ')}]`
    if (isEnumType(type)) return this.pick(type.getValues()).name
    if (isInputObjectType(type)) return `{ ${Object.entries(this.members(type, depth, (member) => this.literal(member, depth - 1))).map(([name, value]) => `${name}: ${value}`).join(', ')} }`
    const text = JSON.stringify(this.scalar(type))
    return text
  }

  value(type, depth) {
    if (this.chance(8)) return this.pick(values)
    if (isNonNullType(type)) return this.value(type.ofType, depth)
    if (isListType(type)) return this.chance(4) ? this.value(type.ofType, depth) : [...Array(Math.floor(this.random() * 3))].map(() => this.value(type.ofType, depth))
    if (isEnumType(type)) return this.chance(10) ? this.pick(type.getValues()).name.toLowerCase() : this.pick(type.getValues()).name
    if (isInputObjectType(type)) return this.members(type, depth, (member) => this.value(member, depth - 1))
    return this.scalar(type)
  }

  /** Returns members of an input object. One in many is missing, unknown or too much. */
  members(type, depth, write) {
    const fields = Object.values(type.getFields())
    const members = {}
    if (type.isOneOf) {
      for (let i = this.chance(10) ? 2 : this.chance(10) ? 0 : 1; i > 0; i--) {
        const field = this.pick(fields)
        members[field.name] = write(field.type)
      }
    } else {
      for (const field of fields) {
        const needed = isNonNullType(field.type) && field.defaultValue === undefined
        if (needed ? !this.chance(30) : depth > 0 && this.chance(3)) members[field.name] = write(field.type)
      }
    }
    if (this.chance(30)) members[this.pick(['nothing', '__typename'])] = write(this.schema.getType('String'))
    return members
  }

  scalar({ name }) {
    switch (name) {
      case 'Int':
        return Math.floor(this.random() * 20)
      case 'Float':
        return this.random()
      case 'Boolean':
        return this.chance(2)
      case 'ID':
        return this.chance(8) ? 7 : 'content-0190a8c2-7b1e-7000-8000-000000000000'
      case 'DateTime':
        return '2026-01-31T12:00:00Z'
      case 'AsOf':
      case 'Position':
        return '0'
    }
    return this.pick(['text', 'published', 'ada@example.org', 'é 😀', ''])
  }
}

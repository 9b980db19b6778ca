import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { serve } from '../server.js'
import { compare, reasons } from './compare.js'
import { generate } from './generate.js'
import { programs } from './programs.js'

let server, token
before(async () => {
  server = await serve()
  token = await server.register()
})
after(() => server.stop())

/** Imports a deck, and returns its slides and the deck as it is exported. */
async function importDeck(markdown, dialect) {
  const { createPresentation } = await server.request(
    `mutation ($markdown: String!, $dialect: DeckDialect) {
      createPresentation(input: { title: "deck", markdown: $markdown, dialect: $dialect }) {
        presentation { markdown(dialect: $dialect) slides { title content notes } }
        errors { message }
      }
    }`,
    { variables: { markdown, dialect }, token },
  )
  assert.deepEqual(createPresentation.errors, [])
  return createPresentation.presentation
}

/** Returns the decks to compare, with their names. */
function* decks(program) {
  const fixture = `${program.toLowerCase()}.md`
  yield [fixture, readFileSync(new URL(`../../markdown/deck/testdata/${fixture}`, import.meta.url), 'utf8')]
  for (const [i, text] of generate(program, 60).entries()) yield [`generated ${i}`, text]
  if (!process.env.FLIGHTDECK_DECKS) return
  const folder = join(process.env.FLIGHTDECK_DECKS, program.toLowerCase())
  for (const name of readdirSync(folder)) yield [name, readFileSync(join(folder, name), 'utf8')]
}

for (const [program, read] of Object.entries(programs)) {
  test(`${program} and FlightDeck read the same slides`, async (t) => {
    const tally = { decks: 0, equal: 0 }
    const failed = []
    for (const [name, file] of decks(program)) {
      tally.decks++
      const text = file.replaceAll('\r\n', '\n').replaceAll('\uFEFF', '')
      const { slides, markdown } = await importDeck(text, program)
      const found = new Set()
      for (const difference of compare(program, text, slides, read(text))) {
        const reason = reasons.find(({ of }) => of(difference))
        if (reason) found.add(reason.name)
        else failed.push({ name, ...difference, deck: text.slice(0, 1000) })
      }
      const again = await importDeck(markdown, program)
      assert.deepEqual(again.slides, slides, `${name} after a round trip`)
      for (const difference of compare(program, markdown, slides, read(markdown))) {
        if (!reasons.some(({ of }) => of(difference))) failed.push({ name, exported: true, ...difference, deck: markdown.slice(0, 1000) })
      }
      if (found.size === 0) tally.equal++
      for (const name of found) tally[name] = (tally[name] ?? 0) + 1
    }
    t.diagnostic(JSON.stringify(tally))
    assert.deepEqual(failed.slice(0, 3), [], `${failed.length} differences without a reason`)
  })
}

import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { test } from 'node:test'
import { compile } from '../relay.js'

/** Returns the components of the folder relay by their file names. */
async function components() {
  const folder = new URL('relay/', import.meta.url)
  const files = await readdir(folder)
  return Object.fromEntries(await Promise.all(files.map(async (name) => [name, await readFile(new URL(name, folder), 'utf8')])))
}

test("Relay's compiler makes refetchable connections of contents, presentations and a history", async (t) => {
  const require = createRequire(join(await compile(t, await components()), 'index.js'))
  for (const [name, path, way, refetched] of [
    ['ContentList_query', ['contents'], 'forward', 'ContentListPaginationQuery'],
    ['PresentationList_query', ['presentations'], 'forward', 'PresentationListPaginationQuery'],
    ['History_content', ['history'], 'forward', 'HistoryContentPaginationQuery'],
    ['History_presentation', ['history'], 'backward', 'HistoryPresentationPaginationQuery'],
  ]) {
    const { metadata } = require(`./${name}.graphql.js`)
    assert.deepEqual(metadata.connection[0].path, path)
    assert.deepEqual(metadata.refetch.connection.path, path)
    assert.ok(metadata.refetch.connection[way], `${name} does not page ${way}`)
    assert.equal(metadata.refetch.operation.params.name, refetched)
  }
})

test("Relay's compiler refuses fields that the schema lacks", async (t) => {
  const component = "import { graphql } from 'relay-runtime'\ngraphql`fragment Odd_query on Query { nothing }`\n"
  await assert.rejects(compile(t, { 'Odd.js': component }), /nothing/)
})

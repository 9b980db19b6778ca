import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cp, mkdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { folderOf, printSchema } from './print.js'

const compiler = fileURLToPath(import.meta.resolve('relay-compiler/cli.js'))

/** Compiles components against the printed schema and returns the folder of the output. */
async function compile(t, components) {
  const folder = await folderOf(t, {
    'schema.graphql': await printSchema('--relay'),
    'relay.config.json': JSON.stringify({
      src: '.',
      schema: 'schema.graphql',
      language: 'javascript',
      artifactDirectory: 'compiled',
      eagerEsModules: false,
    }),
    ...components,
  })
  await mkdir(join(folder, 'compiled'))
  await cp(new URL('relay', import.meta.url), join(folder, 'components'), { recursive: true })
  await promisify(execFile)(process.execPath, [compiler, 'relay.config.json'], { cwd: folder })
  return join(folder, 'compiled')
}

test("Relay's compiler makes refetchable connections of contents, presentations and a history", async (t) => {
  const require = createRequire(join(await compile(t), 'index.js'))
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

// Relay's compiler on the printed schema.

import { execFile } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { folderOf, printSchema } from './schema/print.js'

const compiler = fileURLToPath(import.meta.resolve('relay-compiler/cli.js'))

/** Compiles components, given by their file names, and returns the folder of the output. */
export async function compile(t, components) {
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
  await promisify(execFile)(process.execPath, [compiler, 'relay.config.json'], { cwd: folder })
  return join(folder, 'compiled')
}

import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { binary } from '../server.js'

/** Returns the output of `flightdeck schema`. */
export async function printSchema(...flags) {
  const { stdout } = await promisify(execFile)(binary, ['schema', ...flags], { maxBuffer: 16 << 20 })
  return stdout
}

/** Writes files into a new folder and returns its path. The folder is removed after the test. */
export async function folderOf(t, files) {
  const folder = await mkdtemp(join(tmpdir(), 'flightdeck-'))
  t.after(() => rm(folder, { recursive: true }))
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  return folder
}

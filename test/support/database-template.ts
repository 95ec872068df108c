import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { cp, mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { createInChildProcess } from '../../apps/tracker/src/store/pglite/create.js'
import { repoRoot } from './requires.js'

const workerFile = join(repoRoot, 'apps/tracker/src/store/pglite/worker.js')

/**
 * Puts an empty embedded database into `<dataDir>/db`, copied from one that is made once a machine: creating one takes seconds of both cores. It holds
 * no schema yet, so nothing of ours can be stale in it.
 */
export async function prepareDatabase(dataDir: string): Promise<void> {
  if (existsSync(join(dataDir, 'db'))) return
  const template = templateDir()
  if (!existsSync(template)) await makeTemplate(template)
  await mkdir(dataDir, { recursive: true })
  await cp(template, join(dataDir, 'db'), { recursive: true })
}

function templateDir(): string {
  const require = createRequire(import.meta.url)
  const pglite = readFileSync(join(require.resolve('@electric-sql/pglite'), '../../package.json'), 'utf8')
  const hash = createHash('sha256').update(pglite).update(readFileSync(workerFile)).digest('hex').slice(0, 12)
  return join(tmpdir(), `tidemark-database-${process.getuid?.() ?? 0}-${hash}`)
}

/** Several suites may start at once: whoever is first wins, and every copy is of a whole one. */
async function makeTemplate(template: string): Promise<void> {
  const own = await mkdtemp(`${template}.`)
  await createInChildProcess(pathToFileURL(workerFile), join(own, 'db'))
  await rename(join(own, 'db'), template).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
  })
  await rm(own, { recursive: true, force: true })
}

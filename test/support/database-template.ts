import { createHash } from 'node:crypto'
import { cpSync, existsSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { migrations } from '@tidemark/migrations'
import { openDatabase } from '../../apps/tracker/src/store/open-database.js'
import { createInChildProcess } from '../../apps/tracker/src/store/pglite/create.js'
import { repoRoot } from './requires.js'

const storeDir = join(repoRoot, 'apps/tracker/src/store')
const workerFile = join(storeDir, 'pglite/worker.js')
/** What makes a database what it is, beside the steps of its schema. */
const MAKERS = ['migrate.ts', 'pglite/open-pglite.ts', 'pglite/worker.js']

/**
 * Puts an empty embedded database into `<dataDir>/db`, copied from one that is made once a machine: creating one takes seconds of both cores, and its
 * schema another. There is one for whatever makes it, so that none is stale.
 * @param schema false: without any table
 */
export async function prepareDatabase(dataDir: string, { schema = true } = {}): Promise<void> {
  if (existsSync(join(dataDir, 'db'))) return
  const template = templateDir(schema)
  if (!existsSync(template)) await makeTemplate(template, schema)
  await mkdir(dataDir, { recursive: true })
  // A thousand small files: one after the other is five times as quick as each in its turn of the event loop.
  cpSync(template, join(dataDir, 'db'), { recursive: true })
}

function templateDir(schema: boolean): string {
  const require = createRequire(import.meta.url)
  const pglite = readFileSync(join(require.resolve('@electric-sql/pglite'), '../../package.json'), 'utf8')
  const makers = MAKERS.map((name) => readFileSync(join(storeDir, name), 'utf8'))
  const hash = createHash('sha256').update(JSON.stringify([pglite, makers, schema ? migrations : []])).digest('hex').slice(0, 12)
  return join(tmpdir(), `tidemark-database-${process.getuid?.() ?? 0}-${hash}`)
}

/** Several suites may start at once: whoever is first wins, and every copy is of a whole one. */
async function makeTemplate(template: string, schema: boolean): Promise<void> {
  const own = await mkdtemp(`${template}.`)
  if (schema) {
    await prepareDatabase(own, { schema: false })
    await (await openDatabase({ dataDir: own })).close()
  } else await createInChildProcess(pathToFileURL(workerFile), join(own, 'db'))
  await rename(join(own, 'db'), template).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
  })
  await rm(own, { recursive: true, force: true })
}

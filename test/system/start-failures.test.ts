import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MemoryLog } from '@tidemark/log'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startApp, type TestApp } from '../support/app.js'
import { prepareDatabase } from '../support/database-template.js'
import { freePort } from '../support/free-port.js'
import { repoRoot } from '../support/requires.js'

let dir: string
let app: TestApp

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tidemark-start-'))
  app = await startApp({ dataDir: join(dir, 'first') })
})
afterAll(async () => {
  await app?.stop()
  await rm(dir, { recursive: true, force: true })
})

/** Runs the built command line as people do; answers its exit code and what it said. */
async function serve(env: Record<string, string>) {
  const child = spawn(process.execPath, [join(repoRoot, 'apps/tracker/bin/tidemark.js'), 'serve'], {
    cwd: dir, env: { PATH: process.env['PATH'] ?? '', TIDEMARK_LOG_LEVEL: 'silent', ...env }, stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, said: said.trim() }
}

/** One clear message: it names the thing and what to do, and there is nothing else, no stack above all. */
function expectOneMessage({ code, said }: { code: number | null; said: string }, ...words: RegExp[]) {
  for (const word of words) expect(said).toMatch(word)
  expect(said).toMatch(/^error: /)
  expect(said).not.toMatch(/\n\s+at |node:internal|\.js:\d+/)
  expect(code).toBe(2)
}

test('a data directory that another process owns', async () => {
  expectOneMessage(await serve({ TIDEMARK_DATA: join(dir, 'first'), PORT: '0' }), /first is in use by another Tidemark process/, /TIDEMARK_DATA/)
  expect((await fetch(`${app.url}/api/v1/status`)).status).toBe(200)
})

test('a port in use', async () => {
  await prepareDatabase(join(dir, 'second'))
  const blocker = createServer().listen(await freePort(), '127.0.0.1')
  await once(blocker, 'listening')
  const { port } = blocker.address() as { port: number }
  expectOneMessage(await serve({ TIDEMARK_DATA: join(dir, 'second'), PORT: String(port) }), new RegExp(`Port ${port} .* in use`), /PORT/)
  blocker.close()
})

test('a wrong configuration, all of it at once', async () => {
  const outcome = await serve({ PORT: '99999', TIDEMARK_HOST: '0.0.0.0', DATABASE_URL: 'localhost', TIDEMARK_DATA: join(dir, 'third') })
  expectOneMessage(outcome, /PORT: /, /TIDEMARK_HOST: .*TIDEMARK_TOKEN/, /DATABASE_URL: /)
})

test('a data directory that is a file', async () => {
  await writeFile(join(dir, 'file'), '')
  expectOneMessage(await serve({ TIDEMARK_DATA: join(dir, 'file'), PORT: '0' }), /cannot be used/, /TIDEMARK_DATA/)
})

test('a database that does not answer, and no password in the message', async () => {
  const url = `postgres://me:secretpassword@127.0.0.1:${await freePort()}/orders`
  const outcome = await serve({ TIDEMARK_DATA: join(dir, 'fourth'), DATABASE_URL: url, PORT: '0' })
  expectOneMessage(outcome, /127\.0\.0\.1:\d+\/orders cannot be used/, /ECONNREFUSED/, /DATABASE_URL/)
  expect(outcome.said).not.toContain('secretpassword')
})

test('another number of shards than the database was set up with, and a newer schema', async () => {
  const dataDir = join(dir, 'fifth')
  const first = await startApp({ dataDir, shards: 4 })
  await first.foundation.database.query(`insert into schema_migration (id) values ('9999-later')`)
  await first.close()
  expectOneMessage(await serve({ TIDEMARK_DATA: dataDir, PORT: '0' }), /newer version/, /9999-later/)
  const { openPglite } = await import('../../apps/tracker/src/store/pglite/open-pglite.js')
  const database = await openPglite(join(dataDir, 'db'))
  await database.query(`delete from schema_migration where id = '9999-later'`)
  await database.close()
  expectOneMessage(await serve({ TIDEMARK_DATA: dataDir, PORT: '0', TIDEMARK_SHARDS: '16' }), /TIDEMARK_SHARDS=4/, /16/)
})

test('a log that has dropped what the database has not read', async () => {
  const log = new MemoryLog()
  await log.append(Array.from({ length: 5 }, (_, n) => ({ kind: 'event' as const, subject: 'event.x', payload: Buffer.from(`${n}`) })))
  await log.trim(4n)
  await expect(startApp({}, { log })).rejects.toMatchObject({ code: 'logTrimmed', detail: expect.stringMatching(/up to position 0, but the log begins at 4/) as string })
})

test('a database that belongs to another log', async () => {
  const dataDir = join(dir, 'sixth')
  const first = await startApp({ dataDir })
  await first.close()
  await rm(join(dataDir, 'log'), { recursive: true })
  expectOneMessage(await serve({ TIDEMARK_DATA: dataDir, PORT: '0' }), /another log/)
})

/**
 * The machine goes down while the embedded database is open, which does not sync: its directory is set aside, and the state comes back from the newest
 * snapshot and what the log has said since, of which the rest has been dropped. Nothing leaves a second time.
 */
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Snapshots } from '@tidemark/api'
import { EmbeddedLog } from '@tidemark/log'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { LogKeeper } from '../../apps/tracker/src/ingest/log-keeper.js'
import { startApp, type TestApp } from '../support/app.js'
import { openReceiver, type Receiver } from '../support/receiver.js'
import { BY_ORDER, cloudEvent, xmlOf } from '../support/small-process.js'
import { differences, readTables } from '../support/tables.js'
import { TrackerApi } from '../support/tracker-api.js'

const TIMEOUT_MS = 300_000
const MANAGED = `${BY_ORDER}
mode: manage
grace: PT0S
elements: { remind: { managed: true, command: { type: remind, target: post, data: "= { order: key }" } } }`

let dataDir: string
let post: Receiver
let app: TestApp
let api: TrackerApi
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'tidemark-power-'))
  post = await openReceiver()
})
afterEach(async () => {
  await app.stop()
  await post.close()
  await rm(dataDir, { recursive: true, force: true })
})

/** @param boot the machine's, as it is named this time */
async function start(boot: string): Promise<void> {
  // Small files, so that some of them may go.
  const log = await EmbeddedLog.open(join(dataDir, 'log'), { segmentSizeBytes: 1_024 })
  app = await startApp({ dataDir, commandUrls: { post: post.url }, retention: { maxEntries: 1 }, snapshots: { kept: 1, everyMs: 36_000_000 } }, { log, boot: async () => boot })
    .catch(async (error: unknown) => {
      await log.close()
      throw error
    })
  api = new TrackerApi(app.url)
}

const bill = (order: string, type = 'billed') => api.send([cloudEvent({ type, data: { order } })])
const ready = async () => (await fetch(`${app.url}/health/ready`)).json() as Promise<{ status: string; recovered?: string[] }>

async function snapshot(): Promise<Snapshots> {
  const look = () => api.get<Snapshots>('/snapshots')
  const asked = await fetch(`${app.url}/api/v1/snapshots`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' })
  expect(asked.status).toBe(202)
  const { id } = (await asked.json()) as { id: string }
  await api.until('a snapshot is taken and checked', async () => {
    const { job } = await look()
    return job?.id === id && ['done', 'failed'].includes(job.status)
  })
  return look()
}

/** Twice: it believes the tables only what they said the look before. */
async function keepLog(): Promise<bigint> {
  const keeper = app.app.get(LogKeeper)
  await keeper.look()
  return keeper.look()
}

/** As a machine leaves it that goes down: marked as open, and with pages that never came to the disk. */
async function losePower(boot: string): Promise<void> {
  await app.stop()
  await writeFile(join(dataDir, 'db.running'), boot)
  await truncate(join(dataDir, 'db', 'global', 'pg_control'), 100)
  for (const file of (await readdir(join(dataDir, 'db', 'base', '5'))).slice(0, 50)) await truncate(join(dataDir, 'db', 'base', '5', file), 0)
}

test('comes back from a snapshot and the rest of the log, and sends nothing again', async () => {
  await start('first boot')
  await bill('nobody', 'unknown')
  await api.until('the first is taken by itself', async () => (await api.get<Snapshots>('/snapshots')).job?.status === 'done')
  await api.deploy(xmlOf({ id: 'bills', steps: ['billed', 'remind', 'paid'] }), MANAGED)
  await bill('A')
  await api.until('the reminder of A arrives', async () => post.received.length === 1)
  await api.settled()
  expect(await keepLog(), 'a model was deployed since: nothing is dropped').toBe(1n)
  const { items } = await snapshot()
  expect(items).toMatchObject([{ found: 'folded', remarks: [] }])
  await bill('B')
  await api.until('the reminder of B arrives', async () => post.received.length === 2 && (await api.get<{ items: { status: string }[] }>('/commands')).items.every(({ status }) => status === 'delivered'))
  await bill('A', 'paid')
  await api.settled()
  const first = await keepLog()
  expect(first).toBeGreaterThan(1n)
  expect(first).toBeLessThanOrEqual(BigInt(items[0]!.position!) + 1n)
  expect(await ready()).not.toHaveProperty('recovered')
  await api.settled()
  const before = await readTables(app.foundation.database)

  await losePower('first boot')
  await start('second boot')
  expect(existsSync(join(dataDir, 'db.before-power-loss'))).toBe(true)
  await api.settled()
  expect((await ready()).recovered).toEqual([expect.stringContaining('was set aside'), expect.stringContaining(`begins from ${items[0]!.name}`)])
  const after = await readTables(app.foundation.database)
  // The clock has gone on.
  for (const tables of [before, after]) tables.delete('shard')
  expect(differences(before, after)).toEqual([])
  await bill('B', 'paid')
  await bill('C')
  await api.until('the reminder of C arrives', async () => post.received.length >= 3)
  await api.settled()
  expect(post.received.map(({ body }) => (JSON.parse(body) as { data: { order: string } }).data.order)).toEqual(['A', 'B', 'C'])
  expect((await api.instances('status=completed')).map(({ key }) => key).toSorted()).toEqual(['A', 'B'])

  await losePower('second boot')
  await rm(join(dataDir, 'snapshots'), { recursive: true })
  await expect(start('third boot'), 'neither a snapshot nor the whole log is there').rejects.toMatchObject({ code: 'logTrimmed' })
}, TIMEOUT_MS)

test('comes back from the whole log where there is no snapshot', async () => {
  await start('first boot')
  await api.deploy(xmlOf({ id: 'bills', steps: ['billed', 'remind', 'paid'] }), MANAGED)
  await bill('A')
  await api.until('the reminder of A arrives', async () => post.received.length === 1)
  await api.until('the first is taken by itself', async () => (await api.get<Snapshots>('/snapshots')).job?.status === 'done')
  await losePower('first boot')
  await rm(join(dataDir, 'snapshots'), { recursive: true })
  await start('second boot')
  await api.settled()
  expect((await ready()).recovered).toEqual([expect.stringContaining('was set aside'), expect.stringContaining('from the whole log')])
  expect((await api.instances('')).map(({ key }) => key)).toEqual(['A'])
  expect(post.received).toHaveLength(1)
}, TIMEOUT_MS)

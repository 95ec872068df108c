/** `tidemark snapshot` on a data directory, with a tracker that runs on it and without: what it does, says, and its exit codes. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startApp } from '../support/app.js'
import { BY_ORDER, cloudEvent, xmlOf } from '../support/small-process.js'
import { TrackerApi } from '../support/tracker-api.js'
import { tidemark } from './run-command.js'

const TIMEOUT_MS = 300_000
let work: string
beforeEach(async () => {
  work = await mkdtemp(join(tmpdir(), 'tidemark-snapshot-cli-'))
})
afterEach(() => rm(work, { recursive: true, force: true }))

test('takes, lists, verifies, restores and deletes snapshots', async () => {
  const data = join(work, 'data')
  const snapshot = (...args: string[]) => tidemark('snapshot', ...args, '--data', data)
  expect(await snapshot('list')).toMatchObject({ code: 0, stdout: `none in ${join(data, 'snapshots')}\n` })
  const app = await startApp({ dataDir: data })
  const api = new TrackerApi(app.url)
  await api.deploy(xmlOf({ id: 'parcels', steps: ['placed', 'dispatched'] }), BY_ORDER)
  await api.send([cloudEvent({ type: 'placed', data: { order: 'a' } })])
  await api.settled()
  const metrics = async () => (await fetch(`${app.url}/metrics`)).text()
  expect(await metrics()).not.toContain('tidemark_snapshot_timestamp_seconds{')
  const created = await tidemark('snapshot', 'create', '--url', app.url)
  expect(created).toMatchObject({ code: 0, stdout: expect.stringMatching(/^done: snapshot-\d+\n.*\n.*the log gives the same as from log on\n$/s) as string })
  const name = /snapshot-\d+/.exec(created.stdout)![0]
  expect(JSON.parse((await snapshot('list', '--output', 'json')).stdout)).toMatchObject({ items: [{ name, found: 'folded', against: 'log', remarks: [] }] })
  const told = await metrics()
  expect(told).toContain('tidemark_snapshots{found="folded"} 1\n')
  expect(told).toContain('tidemark_snapshot_failing 0\n')
  const figure = (of: string) => Number(new RegExp(`^tidemark_snapshot_${of}{found="folded"} ([0-9.]+)$`, 'm').exec(told)?.[1])
  expect(Math.abs(figure('timestamp_seconds') - Date.now() / 1_000)).toBeLessThan(TIMEOUT_MS / 1_000)
  expect(figure('size_bytes')).toBeGreaterThan(1_000)
  expect(await tidemark('snapshot', 'verify', name, '--fold', '--url', app.url)).toMatchObject({ code: 0, stdout: expect.stringContaining(`done: ${name}`) as string })
  expect(await tidemark('snapshot', 'verify', 'snapshot-7777', '--fold', '--url', app.url)).toMatchObject({ code: 2, stderr: expect.stringContaining('There is no snapshot snapshot-7777') as string })
  await api.send([cloudEvent({ type: 'dispatched', data: { order: 'a' } })])
  await api.settled()
  expect(await snapshot('restore', name), 'while a tracker runs').toMatchObject({ code: 2, stderr: expect.stringContaining('is in use by another Tidemark process') as string })
  await app.stop()

  expect(await snapshot('verify')).toMatchObject({ code: 0, stdout: `${name}: sound, every byte read\n` })
  expect(await snapshot('restore', name)).toMatchObject({ code: 0, stdout: expect.stringMatching(new RegExp(`^restored: ${name}; \\d+ entries of the log are followed at the next start\n$`)) as string })
  expect(await snapshot('restore', 'snapshot-7777')).toMatchObject({ code: 2, stderr: expect.stringContaining('There is no snapshot') as string })
  const again = await startApp({ dataDir: data })
  const its = new TrackerApi(again.url)
  await its.settled()
  expect(await its.instances('')).toMatchObject([{ key: 'a', status: 'completed' }])
  await again.stop()

  const path = join(data, 'snapshots', name)
  expect((await readdir(path)).toSorted()).toEqual(expect.arrayContaining(['instance.copy.gz', 'manifest.json', 'verdict.json']))
  const file = join(path, 'instance.copy.gz')
  const bytes = await readFile(file)
  bytes[bytes.length - 9]! ^= 0x10
  await writeFile(file, bytes)
  expect(await snapshot('verify', name)).toMatchObject({ code: 1, stdout: expect.stringContaining('instance.copy.gz is not as it was written') as string })
  expect(await snapshot('restore', name)).toMatchObject({ code: 2, stderr: expect.stringContaining('is damaged') as string })
  expect(await snapshot('delete', name)).toMatchObject({ code: 2, stderr: expect.stringContaining('the only one that was found right') as string })
  expect(await snapshot('delete', name, '--force')).toMatchObject({ code: 0, stdout: `deleted: ${name}\n` })
  expect(await snapshot('list', '--output', 'json')).toMatchObject({ code: 0, stdout: '{"items":[]}\n' })
}, TIMEOUT_MS)

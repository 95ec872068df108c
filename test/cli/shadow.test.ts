/** `tidemark shadow` against a running tracker: what it does, says, and its exit codes. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Shadow } from '@tidemark/api'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startApp, type TestApp } from '../support/app.js'
import { BY_ORDER, cloudEvent, xmlOf } from '../support/small-process.js'
import { TrackerApi } from '../support/tracker-api.js'
import { tidemark } from './run-command.js'

const TIMEOUT_MS = 300_000
let work: string
let app: TestApp
let api: TrackerApi
beforeEach(async () => {
  work = await mkdtemp(join(tmpdir(), 'tidemark-shadow-cli-'))
  app = await startApp()
  api = new TrackerApi(app.url)
  await api.deploy(xmlOf({ id: 'parcels', steps: ['placed', 'paid'] }), BY_ORDER)
  await api.send(['a', 'b'].flatMap((order) => ['placed', 'packed', 'paid'].map((type) => cloudEvent({ type, data: { order } }))))
  await api.send([cloudEvent({ type: 'placed', data: { order: 'c' } }), cloudEvent({ type: 'paid', data: { order: 'c' } })])
  await api.settled()
  await writeFile(join(work, 'mapping.yaml'), BY_ORDER)
})
afterEach(async () => {
  await app.stop()
  await rm(work, { recursive: true, force: true })
})

const shadow = (...args: string[]) => tidemark('shadow', ...args, '--url', app.url)
async function fileOf(name: string, steps: readonly string[]): Promise<string[]> {
  await writeFile(join(work, name), xmlOf({ id: 'parcels', steps }))
  return [join(work, name), '--mapping', join(work, 'mapping.yaml')]
}

test('tries a version, says what would differ, and moves the instances to it', async () => {
  const tried = await shadow(...(await fileOf('packed.bpmn', ['placed', 'packed', 'paid'])))
  expect(tried).toMatchObject({ code: 0, stderr: expect.any(String) as string })
  expect(tried.stdout).toMatch(/^parcels version 2: ready\n1 of 3 instances would be told otherwise\n/)
  expect(tried.stdout).toContain('skipped at e1: 0 -> 1')
  expect(tried.stdout).toContain('for example:\n  c: completed -> completed, a deviation')
  const status = JSON.parse((await shadow('--model', 'parcels', '--status', '--output', 'json')).stdout) as Shadow
  expect(status).toMatchObject({ model: 'parcels', version: 2, status: 'ready', comparison: { same: 2, different: 1 } })
  expect(await shadow('--model', 'parcels', '--accept')).toMatchObject({ code: 0, stdout: expect.stringContaining('parcels version 2: accepted') as string })
  await api.settled()
  expect((await api.instances('')).map(({ key, version, deviations }) => [key, version, deviations]).toSorted()).toEqual([['a', 2, 0], ['b', 2, 0], ['c', 2, 1]])
}, TIMEOUT_MS)

test('forgets one, or deploys it for what begins from now on', async () => {
  const file = await fileOf('packed.bpmn', ['placed', 'packed', 'paid'])
  expect((await shadow(...file)).code).toBe(0)
  expect(await shadow('--model', 'parcels', '--drop')).toMatchObject({ code: 0, stdout: expect.stringContaining('parcels version 2: dropped') as string })
  expect((await shadow(...file)).code).toBe(0)
  expect(await shadow('--model', 'parcels', '--stay')).toMatchObject({ code: 0, stdout: expect.stringContaining('for instances that begin from now on') as string })
  await api.settled()
  expect((await api.instances('')).map(({ version }) => version)).toEqual([1, 1, 1])
}, TIMEOUT_MS)

test('is told how it is used, where it is used otherwise', async () => {
  expect(await shadow()).toMatchObject({ code: 2, stderr: expect.stringContaining('name a file to try') as string })
  expect(await shadow('--status')).toMatchObject({ code: 2, stderr: expect.stringContaining('--model says which') as string })
  expect(await shadow('--model', 'parcels', '--status', '--drop')).toMatchObject({ code: 2, stderr: expect.stringContaining('exclude each other') as string })
  expect(await shadow('--model', 'parcels', '--status')).toMatchObject({ code: 2, stderr: expect.stringContaining('no version of parcels has been tried') as string })
  expect(await shadow('--model', 'parcels', '--accept')).toMatchObject({ code: 2 })
  expect(await shadow(join(work, 'nothing.bpmn'))).toMatchObject({ code: 2, stderr: expect.stringContaining('nothing.bpmn') as string })
}, TIMEOUT_MS)

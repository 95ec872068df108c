import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startApp } from '../support/app.js'
import { BY_ORDER, cloudEvent, xmlOf } from '../support/small-process.js'
import { TrackerApi } from '../support/tracker-api.js'
import { tidemark } from './run-command.js'

const STEPS = ['placed', 'dispatched']
const TIMEOUT_MS = 120_000
let work: string
beforeEach(async () => {
  work = await mkdtemp(join(tmpdir(), 'tidemark-backup-'))
})
afterEach(() => rm(work, { recursive: true, force: true }))

describe('tidemark backup and restore', () => {
  test('of a running tracker: what was restored is followed to the same state, and goes on', async () => {
    const data = join(work, 'data')
    const app = await startApp({ dataDir: data })
    const api = new TrackerApi(app.url)
    await api.deploy(xmlOf({ id: 'parcels', steps: STEPS }), BY_ORDER)
    await api.send(['a', 'b', 'c'].map((order) => cloudEvent({ type: 'placed', data: { order } })))
    await api.send([cloudEvent({ type: 'dispatched', data: { order: 'a' } })])
    await api.settled()
    const { code, stdout } = await tidemark('backup', join(work, 'backup'), '--data', data)
    expect(stdout).toMatch(/^backed up: log \S+, positions 1 to \d+, [\d,]+ bytes, every frame read\n$/)
    expect(code).toBe(0)
    const before = await api.instances('')
    await api.send([cloudEvent({ type: 'dispatched', data: { order: 'b' } })])
    await api.settled()
    await app.stop()

    const restored = join(work, 'restored')
    expect((await tidemark('restore', join(work, 'backup'), '--data', restored)).stdout).toMatch(/^restored: /)
    const again = await startApp({ dataDir: restored })
    const its = new TrackerApi(again.url)
    await its.settled()
    expect(await its.instances('')).toEqual(before)
    await its.send([cloudEvent({ type: 'dispatched', data: { order: 'c' } })])
    await its.settled()
    expect((await its.instances('status=completed')).map(({ key }) => key).toSorted()).toEqual(['a', 'c'])
    await again.stop()
  }, TIMEOUT_MS)

  test('take the snapshots along that were found right, and the restored state begins from the newest', async () => {
    const data = join(work, 'data')
    const app = await startApp({ dataDir: data })
    const api = new TrackerApi(app.url)
    await api.deploy(xmlOf({ id: 'parcels', steps: STEPS }), BY_ORDER)
    await api.send(['a', 'b'].map((order) => cloudEvent({ type: 'placed', data: { order } })))
    await api.settled()
    const { stdout } = await tidemark('snapshot', 'create', '--url', app.url)
    const name = /snapshot-\d+/.exec(stdout)![0]
    await api.send([cloudEvent({ type: 'dispatched', data: { order: 'b' } })])
    const saved = await tidemark('backup', join(work, 'backup'), '--data', data)
    expect(saved).toMatchObject({ code: 0, stdout: expect.stringContaining(`backed up: ${name}, every byte read`) as string })
    await app.stop()
    const restored = join(work, 'restored')
    expect((await tidemark('restore', join(work, 'backup'), '--data', restored)).stdout).toContain(`restored: ${name}`)
    const again = await startApp({ dataDir: restored })
    expect((await (await fetch(`${again.url}/health/ready`)).json() as { recovered: string[] }).recovered).toEqual([expect.stringContaining(`begins from ${name}`)])
    const its = new TrackerApi(again.url)
    await its.settled()
    expect((await its.instances('status=completed')).map(({ key }) => key)).toEqual(['b'])
    await again.stop()
  }, TIMEOUT_MS)

  test('overwrite nothing, and name what is missing', async () => {
    const data = join(work, 'data')
    const app = await startApp({ dataDir: data })
    await new TrackerApi(app.url).send([cloudEvent({ type: 'placed', data: { order: 'a' } })])
    await app.stop()
    expect((await tidemark('backup', join(work, 'backup'), '--data', data)).code).toBe(0)
    expect(await tidemark('backup', join(work, 'backup'), '--data', data)).toMatchObject({ code: 2, stderr: expect.stringContaining('not empty') as string })
    expect(await tidemark('restore', join(work, 'backup'), '--data', data)).toMatchObject({ code: 2, stderr: expect.stringContaining('nothing is overwritten') as string })
    expect(await tidemark('restore', join(work, 'elsewhere'), '--data', join(work, 'new'))).toMatchObject({ code: 2, stderr: expect.stringContaining('There is no log in') as string })
    await mkdir(join(work, 'other', 'db'), { recursive: true })
    expect(await tidemark('restore', join(work, 'backup'), '--data', join(work, 'other'))).toMatchObject({ code: 2, stderr: expect.stringContaining('holds a database') as string })
  }, TIMEOUT_MS)

  test('say what is damaged, and end with 1', async () => {
    const data = join(work, 'data')
    const app = await startApp({ dataDir: data })
    const api = new TrackerApi(app.url)
    for (let n = 0; n < 20; n++) await api.send([cloudEvent({ type: 'placed', data: { order: `${n}` } })])
    await app.stop()
    const [file] = (await readdir(join(data, 'log'))).filter((name) => name.endsWith('.log'))
    const bytes = await readFile(join(data, 'log', file!))
    bytes[400]! ^= 1
    await writeFile(join(data, 'log', file!), bytes)
    const { code, stdout } = await tidemark('backup', join(work, 'backup'), '--data', data)
    expect(stdout).toMatch(new RegExp(`${file} is damaged: positions \\d+ to \\d+`))
    expect(code).toBe(1)
    const said = await tidemark('backup', join(work, 'second'), '--data', data, '--output', 'json')
    expect(JSON.parse(said.stdout)).toMatchObject({ first: '1', damages: [{ file, what: 'damaged', from: expect.any(String) as string }] })
  }, TIMEOUT_MS)
})

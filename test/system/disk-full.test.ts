/**
 * The log on a small file system of its own that fills up, as a disk does: senders are told to wait, nothing that was acknowledged is lost, and
 * events are taken again as soon as there is room. Needs the right to mount in a namespace of its own (`unshare -Urm`).
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EmbeddedLog } from '@tidemark/log'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../support/free-port.js'
import { repoRoot, skipUnless } from '../support/requires.js'

const START_TIMEOUT_MS = 120_000
const DISK = '24m'
const BALLAST_MB = 12
const BATCH = 200
const PROGRAM = join(repoRoot, 'apps/tracker/bin/tidemark.js')
const mounting = spawnSync('unshare', ['-Urm', 'sh', '-c', 'mount -t tmpfs none /mnt'], { stdio: 'ignore' }).status === 0

describe.skipIf(skipUnless(mounting, 'the right to mount in a namespace of its own'))('a tracker whose disk is full', () => {
  let folder: string
  let tracker: ChildProcess
  let url: string
  /** The log's directory, as it is seen from outside of the namespace. */
  let seen: string
  const acknowledged = new Set<string>()
  let serial = 0

  beforeAll(async () => {
    if (!existsSync(join(repoRoot, 'apps/tracker/dist/main.js'))) throw new Error('the tracker is not built: run "npm run build:server" first')
    folder = await mkdtemp(join(tmpdir(), 'tidemark-full-'))
    const log = join(folder, 'data', 'log')
    await mkdir(log, { recursive: true })
    const port = await freePort()
    url = `http://127.0.0.1:${port}`
    const script = `mount -t tmpfs -o size=${DISK} none '${log}' && dd if=/dev/zero of='${log}/ballast' bs=1M count=${BALLAST_MB} 2>/dev/null && exec "$@"`
    const serve = [process.execPath, PROGRAM, 'serve', '--port', String(port), '--data', join(folder, 'data')]
    tracker = spawn('unshare', ['-Urm', 'sh', '-c', script, 'sh', ...serve], {
      stdio: 'ignore', env: { PATH: process.env['PATH'], TIDEMARK_FOLLOW: 'off', TIDEMARK_LOG_LEVEL: 'silent' },
    })
    seen = `/proc/${tracker.pid}/root${log}`
    await until(async () => (await fetch(`${url}/health/ready`)).ok)
  }, START_TIMEOUT_MS)

  afterAll(async () => {
    if (tracker !== undefined && tracker.exitCode === null) {
      const gone = once(tracker, 'close')
      tracker.kill('SIGKILL')
      await gone
    }
    await rm(folder, { recursive: true, force: true })
  })

  async function post(): Promise<Response> {
    const ids = Array.from({ length: BATCH }, () => `e-${(serial += 1)}`)
    const body = JSON.stringify(ids.map((id) => ({ specversion: '1.0', id, source: '/full', type: 'x', data: 'p'.repeat(1_000) })))
    const answer = await fetch(`${url}/api/v1/events`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    if (answer.status === 202) for (const id of ids) acknowledged.add(id)
    return answer
  }

  async function refused(): Promise<Response> {
    for (let tries = 0; tries < 200; tries += 1) {
      const answer = await post()
      if (answer.status !== 202) return answer
    }
    throw new Error('the disk did not fill up')
  }

  test('answers 503 with Retry-After, lives on, and takes events again when there is room; nothing acknowledged is lost', async () => {
    const answer = await refused()
    expect(answer.status).toBe(503)
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await answer.json()).toMatchObject({ code: 'backpressure' })
    expect((await fetch(`${url}/health/live`)).status).toBe(200)
    const before = acknowledged.size
    expect(before).toBeGreaterThan(BATCH)

    // Many at once, of which each is told.
    const answers = await Promise.all(Array.from({ length: 8 }, () => post()))
    expect([...new Set(answers.map(({ status }) => status))]).toEqual([503])

    await rm(join(seen, 'ballast'))
    await until(async () => (await post()).status === 202)
    for (let more = 0; more < 5; more += 1) expect((await post()).status).toBe(202)
    expect(acknowledged.size).toBeGreaterThan(before + 5 * BATCH)

    const copy = join(folder, 'copy')
    await mkdir(copy)
    for (const name of (await readdir(seen)).filter((one) => /\.(log|idx|id)$/.test(one))) await cp(join(seen, name), join(copy, name))
    const log = await EmbeddedLog.open(copy)
    const found: string[] = []
    for await (const batch of log.read({ from: 'earliest', kinds: ['event'] })) found.push(...batch.map(({ key }) => key.slice('/full\0'.length)))
    await log.close()
    expect(new Set(found).size, 'each once').toBe(found.length)
    expect(new Set(found)).toEqual(acknowledged)
  }, START_TIMEOUT_MS)
})

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + START_TIMEOUT_MS / 2; Date.now() < end;) {
    if (await isSo().catch(() => false)) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error('waited in vain')
}

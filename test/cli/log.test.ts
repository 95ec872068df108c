import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EmbeddedLog } from '@tidemark/log'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readSettings } from '../../apps/tracker/src/config.js'
import { openLog } from '../../apps/tracker/src/open-log.js'
import { tidemark } from './run-command.js'

let data: string
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'tidemark-cli-log-'))
  const log = await EmbeddedLog.open(join(data, 'log'), { segmentSizeBytes: 500, clock: () => Date.UTC(2026, 2, 1, 12) })
  for (let n = 1; n <= 8; n++) {
    await log.append([{ kind: 'event', subject: n % 2 === 0 ? 'event.order.paid' : 'event.order.placed', key: `/shop\0${n}`, payload: Buffer.from(`{"n":${n},\n"text":"${'x'.repeat(60)}"}`) }])
  }
  await log.append([{ kind: 'clock', subject: 'clock', payload: new Uint8Array() }, { kind: 'event', subject: 'undecodable', payload: Buffer.of(1, 2, 255) }])
  await log.close()
})
afterEach(() => rm(data, { recursive: true }))

async function damage(): Promise<string> {
  const [file] = (await readdir(join(data, 'log'))).filter((name) => name.endsWith('.log')).toSorted().slice(1)
  const path = join(data, 'log', file!)
  const bytes = await readFile(path)
  bytes[200]! ^= 1
  await writeFile(path, bytes)
  return file!
}

describe('tidemark log', () => {
  test('verify says that a log is sound', async () => {
    const { code, stdout } = await tidemark('log', 'verify', '--data', data)
    expect(stdout).toMatch(/positions 1 to 10, [\d,]+ bytes in \d files\nsound\n/)
    expect(code).toBe(0)
  })

  test('verify names what is damaged and ends with 1; repair gives just that up, keeps the file as it was, and the log is sound again', async () => {
    const file = await damage()
    const found = await tidemark('log', 'verify', '--data', data)
    expect(found.stdout).toMatch(new RegExp(`${file} is damaged at byte \\d+ .*: positions (\\d+) to \\d+`))
    expect(found.code).toBe(1)
    const { damages } = JSON.parse((await tidemark('log', 'verify', '--data', data, '--output', 'json')).stdout) as { damages: { from: string; to: string }[] }
    const repaired = await tidemark('log', 'repair', '--data', data)
    expect(repaired.stdout).toContain(`as it was: ${join(data, 'log', 'damaged', file)}`)
    expect(repaired.code).toBe(0)
    expect((await tidemark('log', 'verify', '--data', data)).code).toBe(0)
    const lines = (await tidemark('log', 'dump', '--data', data)).stdout.trim().split('\n').map((line) => JSON.parse(line) as { position: string; subject: string })
    expect(lines).toHaveLength(10)
    const lost = lines.filter(({ subject }) => subject === 'lost').map(({ position }) => position)
    expect(lost.at(0)).toBe(damages[0]!.from)
    expect(lost.at(-1)).toBe(damages[0]!.to)
    expect(await tidemark('log', 'repair', '--data', data)).toMatchObject({ code: 0, stdout: 'Nothing is damaged. Nothing was changed.\n' })
  })

  test('a tracker that cannot open a damaged log says which commands to run', async () => {
    const damaged = join(data, 'log', (await damage()).replace(/log$/, 'idx'))
    // Closed files are believed by their index: without it they are read at open.
    await rm(damaged, { force: true })
    const failing = openLog({ ...readSettings({}), dataDir: data }, { now: Date.now, machine: Date.now, scale: 1 })
    await expect(failing).rejects.toMatchObject({ code: 'logUnreadable', message: expect.stringMatching(/tidemark log verify --data .*tidemark log repair --data /) as string })
  })

  test('dump prints entries as JSON lines, between two places, of some subjects', async () => {
    const { stdout } = await tidemark('log', 'dump', '--data', data, '--from', '3', '--until', '6', '--subjects', 'event.*.paid')
    const lines = stdout.trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(lines.map(({ position }) => position)).toEqual(['4', '6'])
    expect(lines[0]).toMatchObject({ kind: 'event', subject: 'event.order.paid', appendTime: '2026-03-01T12:00:00.000Z', key: '/shop\u00004', payload: { n: 4 } })
    const last = JSON.parse((await tidemark('log', 'dump', '--data', data, '--from', '10')).stdout) as object
    expect(last).toMatchObject({ subject: 'undecodable', payloadBase64: 'AQL/' })
    expect((await tidemark('log', 'dump', '--data', data, '--until', '2026-01-01T00:00:00Z')).stdout).toBe('')
    expect((await tidemark('log', 'dump', '--data', data, '--limit', '3')).stdout.trim().split('\n')).toHaveLength(3)
  })

  test('where there is no log, or a tracker has it open, one sentence says so', async () => {
    expect(await tidemark('log', 'verify', '--data', join(data, 'nothing'))).toMatchObject({ code: 2, stderr: expect.stringContaining('There is no log in') as string })
    expect(await tidemark('log', 'dump', '--data', join(data, 'nothing'))).toMatchObject({ code: 2 })
    const log = await EmbeddedLog.open(join(data, 'log'))
    expect(await tidemark('log', 'verify', '--data', data)).toMatchObject({ code: 2, stderr: expect.stringContaining('Stop the tracker first') as string })
    await log.close()
  })
})

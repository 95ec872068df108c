import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Draft, Log } from '../log.js'
import { copyLog } from './copy-log.js'
import { EmbeddedLog } from './embedded-log.js'

let work: string
beforeEach(async () => {
  work = await mkdtemp(join(tmpdir(), 'tidemark-copy-'))
})
afterEach(() => rm(work, { recursive: true }))

function draft(n: number): Draft {
  return { kind: 'event', subject: 'event.test', key: `k${n}`, payload: Buffer.from(`${n} ${'x'.repeat(n % 300)}`) }
}

async function texts(log: Log): Promise<string[]> {
  const all: string[] = []
  for await (const batch of log.read({ from: 'earliest' })) all.push(...batch.map(({ payload }) => Buffer.from(payload).toString()))
  return all
}

describe('A copy of a log', () => {
  it('taken while it is appended to holds all that was acknowledged before it began, in order, and is a log that goes on', async () => {
    const log = await EmbeddedLog.open(join(work, 'log'), { segmentSizeBytes: 4_000 })
    let appended = 0
    const stop = new AbortController()
    const appending = Promise.all(Array.from({ length: 20 }, async () => {
      while (!stop.signal.aborted) await log.append([draft(appended++)])
    }))
    for (let copies = 1; copies <= 5; copies++) {
      while (log.stats().entries < copies * 200) await log.append([draft(appended++)])
      const acknowledged = log.stats().last
      const report = await copyLog(join(work, 'log'), join(work, `copy ${copies}`))
      expect(report).toMatchObject({ identity: log.identity, first: 1n, damages: [] })
      expect(report.last >= acknowledged).toBe(true)
    }
    stop.abort()
    await appending
    const original = await texts(log)
    await log.close()
    for (const name of (await readdir(work)).filter((one) => one.startsWith('copy'))) {
      const copy = await EmbeddedLog.open(join(work, name))
      const held = await texts(copy)
      expect(held.length).toBeGreaterThanOrEqual(200)
      expect(held).toEqual(original.slice(0, held.length))
      expect(await copy.append([draft(0)])).toMatchObject({ duplicates: 1 })
      expect(await copy.append([draft(1e6)])).toMatchObject({ first: BigInt(held.length + 1) })
      await copy.close()
    }
  })

  it('taken while it is trimmed begins where the log began at some moment', async () => {
    const log = await EmbeddedLog.open(join(work, 'log'), { segmentSizeBytes: 1_000 })
    for (let n = 0; n < 100; n++) await log.append([draft(n)])
    const trimming = (async () => {
      for (let n = 1; n <= 90; n++) await log.trim(BigInt(n))
    })()
    const report = await copyLog(join(work, 'log'), join(work, 'copy'))
    await trimming
    expect(report).toMatchObject({ last: 100n, damages: [] })
    expect(report.first >= 1n && report.first <= 90n).toBe(true)
    await log.close()
  })

  it('overwrites nothing, and needs a log; what a copy that broke off left is in nobody\'s way', async () => {
    await expect(copyLog(join(work, 'nothing'), join(work, 'copy'))).rejects.toMatchObject({ code: 'invalid', message: expect.stringContaining('There is no log') as string })
    const log = await EmbeddedLog.open(join(work, 'log'))
    await log.append([draft(1)])
    await copyLog(join(work, 'log'), join(work, 'copy'))
    await expect(copyLog(join(work, 'log'), join(work, 'copy'))).rejects.toMatchObject({ code: 'invalid', message: expect.stringContaining('not empty') as string })
    await (await EmbeddedLog.open(join(work, 'second.unfinished'))).close()
    await writeFile(join(work, 'second.unfinished', '00000000000000000007.log'), 'half')
    expect(await copyLog(join(work, 'log'), join(work, 'second'))).toMatchObject({ last: 1n, damages: [] })
    await log.close()
  })
})

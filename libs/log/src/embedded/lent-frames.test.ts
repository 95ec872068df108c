import { afterEach, expect, it, vi } from 'vitest'
import type { Draft, Entry } from '../log.js'
import { FaultyDisk } from '../testing/faulty-disk.js'
import { EmbeddedLog } from './embedded-log.js'

const MB = 1024 * 1024
const APPENDS = 400
const PER_APPEND = 16
const PAYLOAD_BYTES = 4_096
const TOTAL = APPENDS * PER_APPEND

/** Says of each byte which position it belongs to. */
function payloadOf(position: number): Buffer {
  const payload = Buffer.alloc(PAYLOAD_BYTES)
  for (let at = 0; at < PAYLOAD_BYTES; at += 4) payload.writeUInt32LE(position, at)
  return payload
}

const asWritten = (entries: readonly (Entry | undefined)[]) =>
  entries.every((entry) => entry !== undefined && payloadOf(Number(entry.position)).equals(entry.payload))

afterEach(() => void vi.restoreAllMocks())

it('takes the same few buffers over and over, and whoever has read an entry keeps it as it was', async () => {
  const made = vi.spyOn(Buffer, 'allocUnsafeSlow')
  const log = await EmbeddedLog.open('/log', { disk: new FaultyDisk(), idleMarkerMs: 1e9, tailCacheBytes: 3 * MB, frameSizeBytes: 100_000 })
  const followed: Entry[] = []
  // Less than a frame holds, so that it goes on in the same one while others are written.
  const following = (async () => {
    for await (const batch of log.read({ from: 'earliest', follow: true, batchSize: 7, limit: TOTAL })) {
      followed.push(...batch)
      if (followed.length % 49 === 0) await new Promise(setImmediate)
    }
  })()
  const others: (Entry | undefined)[] = []
  for (let append = 0; append < APPENDS; append++) {
    const drafts = Array.from({ length: PER_APPEND }, (_, n): Draft => ({ kind: 'event', subject: 'event.test', payload: payloadOf(append * PER_APPEND + n + 1) }))
    const { last } = await log.append(drafts)
    others.push(...(await log.lookup([last - 3n, last])))
    for await (const batch of log.read({ from: { position: last }, backwards: true, limit: 3 })) others.push(...batch)
  }
  await following
  expect([followed.length, others.length]).toEqual([TOTAL, APPENDS * 5])
  expect(followed.map(({ position }) => Number(position))).toEqual(Array.from({ length: TOTAL }, (_, n) => n + 1))
  expect([asWritten(followed), asWritten(others)]).toEqual([true, true])
  await log.close()
  // 26 MB went through them.
  const slabs = made.mock.calls.filter(([size]) => size >= MB).length
  expect(slabs).toBeLessThan(8)
}, 30_000)

it('reads into memory that is given to it, for one batch each: whoever is done with a batch may write there', async () => {
  const log = await EmbeddedLog.open('/log', { disk: new FaultyDisk(), idleMarkerMs: 1e9, tailCacheBytes: 3 * MB, frameSizeBytes: 100_000 })
  let given: Buffer[] = []
  let inGivenMemory = 0
  let right = 0
  const following = (async () => {
    const memory = (bytes: number) => {
      const own = Buffer.alloc(bytes)
      given.push(own)
      return own
    }
    for await (const batch of log.read({ from: 'earliest', follow: true, batchSize: 7, limit: TOTAL, memory })) {
      await new Promise(setImmediate)
      if (asWritten(batch)) right += batch.length
      const buffers = new Set(given.map(({ buffer }) => buffer))
      inGivenMemory += batch.filter(({ payload }) => buffers.has(payload.buffer)).length
      for (const own of given) own.fill(0xff)
      given = []
    }
  })()
  for (let append = 0; append < APPENDS; append++) {
    await log.append(Array.from({ length: PER_APPEND }, (_, n): Draft => ({ kind: 'event', subject: 'event.test', payload: payloadOf(append * PER_APPEND + n + 1) })))
  }
  await following
  expect([right, inGivenMemory]).toEqual([TOTAL, TOTAL])
  await log.close()
}, 30_000)

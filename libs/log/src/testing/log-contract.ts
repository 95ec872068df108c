/**
 * What every log must do, as a suite for vitest. Call it in a test file of the implementation. What a log does not have is declared
 * in `capabilities`, and the suite is then without those tests.
 */
import { afterEach, describe, expect, it } from 'vitest'
import type { Draft, Entry, Log, LogErrorCode, ReadOptions } from '../log.js'
import { LogError } from '../log.js'

export interface LogUnderTest {
  /** A new, empty log. */
  open(clock?: () => number): Promise<Log>
  /** Closes a log and opens what it left. Absent: the log does not outlive its process. */
  reopen?(log: Log, clock?: () => number): Promise<Log>
  readonly capabilities: {
    /** Producer ids, epochs and sequences are understood. */
    readonly producers: boolean
    /** `trim(before)` drops exactly what stands before; otherwise it may keep more. */
    readonly exactTrim: boolean
    /** The position behind the last one is the next that is given out; otherwise positions only rise. */
    readonly densePositions: boolean
  }
}

export function describeLogContract(name: string, subject: LogUnderTest): void {
  describe(`${name} keeps the contract of a log:`, () => {
    const opened: Log[] = []
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((log) => log.close()))
    })
    const open = async (clock?: () => number): Promise<Log> => {
      const log = await subject.open(clock)
      opened.push(log)
      return log
    }

    describe('appending', () => {
      it('answers with ascending positions, and reads back what was appended', async () => {
        const log = await open()
        const first = await log.append([draft('a'), draft('b', { kind: 'operation', key: 'k', time: 5 })])
        const second = await log.append([draft('c')])
        expect(first).toMatchObject({ accepted: 2, duplicates: 0 })
        expect(first.positions).toEqual([first.first, first.last])
        expect(second.first > first.last).toBe(true)
        const entries = await readAll(log)
        expect(entries.map(text)).toEqual(['a', 'b', 'c'])
        expect(entries[1]).toMatchObject({ position: first.last, kind: 'operation', subject: 'event.b', key: 'k', time: 5 })
        expect(entries[0]!.key).toBe('')
      })

      it('keeps the order of calls also when nobody waits between them', async () => {
        const log = await open()
        await Promise.all(numbers(500).map((n) => log.append([draft(`${n}`)])))
        expect((await readAll(log)).map(text)).toEqual(numbers(500).map(String))
      })

      it('answers an empty batch at once', async () => {
        const log = await open()
        expect(await log.append([])).toMatchObject({ accepted: 0, duplicates: 0, positions: [] })
        expect(await readAll(log)).toEqual([])
      })

      it('takes a batch whole or not at all', async () => {
        const log = await open()
        await expectError(log.append([draft('good'), { ...draft('bad'), subject: 'no good' }]), 'invalid')
        expect(await readAll(log)).toEqual([])
      })

      it.each([
        ['an empty subject', { subject: '' }],
        ['an empty token', { subject: 'event..a' }],
        ['a wildcard', { subject: 'event.*' }],
        ['white space', { subject: 'event.a b' }],
        ['a long subject', { subject: 'e'.repeat(256) }],
        ['an unknown kind', { kind: 'rumour' as 'event' }],
        ['half a millisecond', { time: 0.5 }],
        ['half a surrogate pair in the key', { key: 'k\ud800' }],
      ])('refuses %s', async (_, fault) => {
        const log = await open()
        await expectError(log.append([draft('x', fault)]), 'invalid')
      })

      it('refuses a key that is too long, and a batch that is too large', async () => {
        const log = await open()
        await expectError(log.append([draft('x', { key: 'k'.repeat(4_097) })]), 'tooLarge')
        await expectError(log.append(new Array<Draft>(65_537).fill(draft('x'))), 'tooLarge')
        await expectError(log.append([{ ...draft('x'), payload: new Uint8Array(64 * 1024 * 1024) }]), 'tooLarge')
        expect(await readAll(log)).toEqual([])
      })

      it('keeps every byte of payload, key and subject', async () => {
        const log = await open()
        const payload = Uint8Array.from({ length: 10_000 }, (_, i) => (i * 31) % 256)
        const drafts = [
          { kind: 'event', subject: 'event.größe.📦', key: 'https://example.org/ä\0id-✓', payload },
          { kind: 'settlement', subject: 'x'.repeat(255), key: 'k'.repeat(4_096), payload: new Uint8Array(0) },
          { kind: 'model', subject: 'm', key: 'ä'.repeat(200), payload: Uint8Array.of(0) },
        ] as const
        await log.append(drafts)
        const entries = await readAll(log)
        expect(entries.map(({ kind, subject, key, payload: bytes }) => ({ kind, subject, key, payload: bytes }))).toEqual(drafts)
      })

      it('is not touched by what the caller does with its buffer afterwards', async () => {
        const log = await open()
        const payload = Buffer.from('before')
        const appended = log.append([{ ...draft('x'), payload }])
        payload.fill('!')
        await appended
        expect((await readAll(log)).map(text)).toEqual(['before'])
      })
    })

    describe('time', () => {
      it('stamps an append time that never falls', async () => {
        const times = [100, 50, 120]
        const log = await open(() => times.shift() ?? 120)
        const results = [await log.append([draft('a')]), await log.append([draft('b')]), await log.append([draft('c')])]
        expect(results.map((it) => it.appendTime)).toEqual([100, 100, 120])
        expect((await readAll(log)).map((it) => it.appendTime)).toEqual([100, 100, 120])
      })

      it('never lets an effective time be later than the append time', async () => {
        const log = await open(() => 1_000)
        await log.append([draft('future', { time: 2_000 }), draft('past', { time: -5 }), draft('none')])
        expect((await readAll(log)).map((it) => it.time)).toEqual([1_000, -5, 1_000])
      })
    })

    describe('duplicates', () => {
      it('are not appended again, and answered with the position of the original', async () => {
        const log = await open()
        const original = await log.append([draft('a', { key: 'k1' }), draft('b', { key: 'k2' })])
        const again = await log.append([draft('b', { key: 'k2' }), draft('c', { key: 'k3' })])
        expect(again).toMatchObject({ accepted: 1, duplicates: 1 })
        expect(again.positions[0]).toBe(original.positions[1])
        expect((await readAll(log)).map(text)).toEqual(['a', 'b', 'c'])
      })

      it('that are all there is answer with the last position of the log', async () => {
        const log = await open()
        await log.append([draft('a', { key: 'k1' })])
        const { last } = await log.append([draft('b')])
        expect(await log.append([draft('a', { key: 'k1' })])).toMatchObject({ first: last, last, accepted: 0, duplicates: 1 })
      })

      it('are recognised within one batch and while the original is on its way', async () => {
        const log = await open()
        const twice = log.append([draft('a', { key: 'k' }), draft('a', { key: 'k' })])
        const again = log.append([draft('a', { key: 'k' })])
        expect(await twice).toMatchObject({ accepted: 1, duplicates: 1 })
        expect(await again).toMatchObject({ accepted: 0, duplicates: 1, positions: [(await twice).first] })
        expect((await readAll(log)).map(text)).toEqual(['a'])
      })

      it('are only those with the same payload: a key that is used again for something else is kept', async () => {
        const log = await open()
        await log.append([draft('one', { key: 'k' })])
        expect(await log.append([draft('two', { key: 'k' })])).toMatchObject({ accepted: 1, duplicates: 0 })
        expect(await log.append([draft('one', { key: 'k' })])).toMatchObject({ accepted: 0, duplicates: 1 })
        expect((await readAll(log)).map(text)).toEqual(['one', 'two'])
      })

      it('need a key: drafts without one are all kept', async () => {
        const log = await open()
        await log.append([draft('a'), draft('a'), draft('a', { key: '' })])
        expect(await readAll(log)).toHaveLength(3)
      })
    })

    describe('an expected position', () => {
      it('lets an append pass that knows the end of the log', async () => {
        const log = await open()
        const { last } = await log.append([draft('a')], { expectedLast: 0n })
        await log.append([draft('b')], { expectedLast: last })
        expect((await readAll(log)).map(text)).toEqual(['a', 'b'])
      })

      it('lets one of two win that expect the same', async () => {
        const log = await open()
        const { last } = await log.append([draft('a')])
        const outcomes = await Promise.allSettled(['b', 'c'].map((it) => log.append([draft(it)], { expectedLast: last })))
        expect(outcomes.map((it) => it.status)).toEqual(['fulfilled', 'rejected'])
        const { reason } = outcomes[1] as PromiseRejectedResult
        expect(reason).toMatchObject({ code: 'wrongExpectedPosition', position: log.stats().last })
        expect(log.stats().last > last).toBe(true)
        expect((await readAll(log)).map(text)).toEqual(['a', 'b'])
      })
    })

    describeIf(subject.capabilities.producers, 'a producer that numbers its batches', () => {
      const producer = (epoch: number, sequence: number) => ({ producer: { id: 'p', epoch, sequence } })

      it('may repeat one and gets the first result', async () => {
        const log = await open()
        await log.append([draft('old', { key: 'k' })])
        const first = await log.append([draft('a'), draft('old', { key: 'k' }), draft('b')], producer(1, 0))
        await log.append([draft('between')])
        expect(await log.append([draft('a'), draft('old', { key: 'k' }), draft('b')], producer(1, 0))).toEqual(first)
        expect((await readAll(log)).map(text)).toEqual(['old', 'a', 'b', 'between'])
      })

      it('may not skip one', async () => {
        const log = await open()
        await log.append([draft('a')], producer(1, 0))
        await expectError(log.append([draft('c')], producer(1, 2)), 'invalid')
      })

      it('is fenced off by a later epoch', async () => {
        const log = await open()
        await log.append([draft('a')], producer(1, 0))
        await log.append([draft('b')], producer(2, 0))
        await expectError(log.append([draft('c')], producer(1, 1)), 'fenced')
      })

      itIf(subject.reopen !== undefined, 'is still known after a restart', async () => {
        const log = await open()
        await log.append([draft('old', { key: 'k' })])
        const first = await log.append([draft('a'), draft('old', { key: 'k' })], producer(3, 7))
        const again = await reopen(log)
        expect(await again.append([draft('a'), draft('old', { key: 'k' })], producer(3, 7))).toEqual(first)
        await expectError(again.append([draft('c')], producer(2, 0)), 'fenced')
      })
    })

    describe('reading', () => {
      it('begins at a position, ends at another, and stops at a limit', async () => {
        const { log, positions } = await filled(10)
        expect(await read(log, { from: { position: positions[3]! }, until: positions[5]! })).toEqual(['3', '4', '5'])
        expect(await read(log, { from: { position: positions[3]! }, limit: 2 })).toEqual(['3', '4'])
        expect(await read(log, { from: 'earliest', limit: 0 })).toEqual([])
        expect(await read(log, { from: 'latest' })).toEqual([])
        expect(await read(log, { from: { position: positions[9]! + 1n } })).toEqual([])
      })

      it('begins at a time: the first entry appended at or after it', async () => {
        const { log } = await filled(10)
        expect(await read(log, { from: { time: 1_004 } })).toEqual(['4', '5', '6', '7', '8', '9'])
        expect(await read(log, { from: { time: 0 }, limit: 1 })).toEqual(['0'])
        expect(await read(log, { from: { time: 2_000 } })).toEqual([])
      })

      it('delivers batches of the asked size at most, never an empty one', async () => {
        const { log } = await filled(25)
        const sizes: number[] = []
        for await (const batch of log.read({ from: 'earliest', batchSize: 10 })) sizes.push(batch.length)
        expect(sizes.every((size) => size > 0 && size <= 10)).toBe(true)
        expect(sizes.reduce((a, b) => a + b)).toBe(25)
      })

      it('goes backwards for people who page back', async () => {
        const { log, positions } = await filled(10)
        expect(await read(log, { from: 'latest', backwards: true, limit: 3 })).toEqual(['9', '8', '7'])
        expect(await read(log, { from: { position: positions[4]! }, until: positions[2]!, backwards: true })).toEqual(['4', '3', '2'])
        expect(await read(log, { from: { time: 1_003 }, backwards: true, batchSize: 2 })).toEqual(['3', '2', '1', '0'])
        expect(await read(log, { from: 'earliest', backwards: true })).toEqual(['0'])
      })

      it('finds nothing in an empty log, wherever it begins', async () => {
        const log = await open()
        for (const from of ['earliest', 'latest', { time: 0 }, { position: 1n }] as const) {
          expect(await read(log, { from })).toEqual([])
          expect(await read(log, { from, backwards: true })).toEqual([])
        }
      })

      it('does not go backwards and follow at once', async () => {
        const log = await open()
        expect(() => log.read({ from: 'latest', backwards: true, follow: true })).toThrow(LogError)
      })

      it.each<[readonly string[], readonly string[]]>([
        [['order.placed'], ['order.placed']],
        [['order.*'], ['order.placed', 'order.paid']],
        [['order.>'], ['order.placed', 'order.paid', 'order.item.packed']],
        [['*.item.*'], ['order.item.packed']],
        [['>'], ['order.placed', 'order.paid', 'order.item.packed', 'stock']],
        [['stock', 'order.paid'], ['order.paid', 'stock']],
        [['stock.>'], []],
        [[], []],
      ])('takes the subjects that match %j', async (subjects, expected) => {
        const log = await open()
        const all = ['order.placed', 'order.paid', 'order.item.packed', 'stock']
        await log.append(all.map((it) => draft('x', { subject: it })))
        const entries = await readAll(log, { from: 'earliest', subjects })
        expect(entries.map((it) => it.subject)).toEqual(expected)
      })

      it('takes the kinds that are asked for, forwards and backwards', async () => {
        const log = await open()
        await log.append([draft('a'), draft('b', { kind: 'clock' }), draft('c', { kind: 'model' })])
        await log.append([draft('d', { kind: 'clock' })])
        expect(await read(log, { from: 'earliest', kinds: ['clock', 'model'] })).toEqual(['b', 'c', 'd'])
        expect(await read(log, { from: 'latest', kinds: ['clock'], backwards: true })).toEqual(['d', 'b'])
        expect(await read(log, { from: 'earliest', kinds: [] })).toEqual([])
      })

      it('ends at the head that was there when it was asked for', async () => {
        const { log } = await filled(3)
        const reading = log.read({ from: 'earliest' })
        await log.append([draft('later')])
        expect((await collect(reading)).map(text)).toEqual(['0', '1', '2'])
      })

      it('looks entries up, in the order asked', async () => {
        const { log, positions } = await filled(5)
        const found = await log.lookup([positions[3]!, 999_999n, positions[0]!, positions[3]!])
        expect(found.map((it) => it && text(it))).toEqual(['3', undefined, '0', '3'])
        expect(await log.lookup([])).toEqual([])
        expect(await log.lookup([0n, -1n])).toEqual([undefined, undefined])
      })
    })

    describe('following', () => {
      it('waits for more at the head, and ends without an error when it is told to', async () => {
        const log = await open()
        const stop = new AbortController()
        await log.append([draft('a')])
        const seen: string[] = []
        for await (const batch of log.read({ from: 'earliest', follow: true, signal: stop.signal })) {
          seen.push(...batch.map(text))
          if (seen.length === 1) void log.append([draft('b')])
          if (seen.length === 2) void log.append([draft('c')])
          if (seen.length === 3) stop.abort()
        }
        expect(seen).toEqual(['a', 'b', 'c'])
      })

      it('ends while it waits', async () => {
        const log = await open()
        const stop = new AbortController()
        const following = collect(log.read({ from: 'earliest', follow: true, signal: stop.signal }))
        stop.abort()
        expect(await following).toEqual([])
      })

      it('from the latest sees only what was appended after it was asked for', async () => {
        const { log } = await filled(3)
        const reading = log.read({ from: 'latest', follow: true, limit: 1 })
        await log.append([draft('new')])
        expect((await collect(reading)).map(text)).toEqual(['new'])
      })

      it('stops at `until` without waiting for more', async () => {
        const { log, positions } = await filled(3)
        expect(await read(log, { from: 'earliest', follow: true, until: positions[1]! })).toEqual(['0', '1'])
        expect(await read(log, { from: 'earliest', follow: true, until: positions[2]! })).toEqual(['0', '1', '2'])
      })

      itIf(subject.capabilities.densePositions, 'stops behind `until` though more comes', async () => {
        const { log, positions } = await filled(3)
        const reading = collect(log.read({ from: 'earliest', follow: true, until: positions[2]! + 1n }))
        await log.append([draft('in')])
        await log.append([draft('out')])
        expect((await reading).map(text)).toEqual(['0', '1', '2', 'in'])
      })

      it('serves many at once, each entry once and in order', async () => {
        const log = await open()
        const readers = numbers(5).map(() => collect(log.read({ from: 'earliest', follow: true, limit: 300, batchSize: 7 })))
        await Promise.all(numbers(100).map((n) => log.append([draft(`${n}.0`), draft(`${n}.1`), draft(`${n}.2`)])))
        const expected = (await readAll(log)).map(text)
        for (const reader of readers) expect((await reader).map(text)).toEqual(expected)
      })

      it('ends with an error when the log is closed', async () => {
        const log = await open()
        const following = collect(log.read({ from: 'earliest', follow: true }))
        const outcome = expectError(following, 'closed')
        await log.close()
        await outcome
      })
    })

    describe('trimming', () => {
      it('drops nothing but what stands before the position', async () => {
        const { log, positions } = await filled(10)
        const first = await log.trim(positions[5]!)
        expect(first <= positions[5]!).toBe(true)
        if (subject.capabilities.exactTrim) expect(first).toBe(positions[5])
        expect(log.stats().first).toBe(first)
        expect((await readAll(log)).map(text).slice(-5)).toEqual(['5', '6', '7', '8', '9'])
      })

      it('is held back by a reader that has not read so far, unless forced', async () => {
        const { log, positions } = await filled(10)
        await log.registerReader('slow', positions[2]!)
        expect((await log.trim(positions[8]!)) <= positions[2]!).toBe(true)
        expect((await readAll(log)).map(text)).toContain('2')
        await log.registerReader('slow', positions[6]!)
        expect((await log.trim(positions[8]!)) <= positions[6]!).toBe(true)
        await log.unregisterReader('slow')
        expect((await log.trim(positions[8]!)) <= positions[8]!).toBe(true)
      })

      it('tells each reader the position that it registered last', async () => {
        const { log, positions } = await filled(3)
        expect(await log.readerPosition('one')).toBeUndefined()
        await log.registerReader('one', positions[1]!)
        await log.registerReader('a reader: of *.> any name', positions[0]!)
        await log.registerReader('one', positions[2]!)
        expect(await log.readerPosition('one')).toBe(positions[2])
        expect(await log.readerPosition('a reader: of *.> any name')).toBe(positions[0])
        await log.unregisterReader('one')
        expect(await log.readerPosition('one')).toBeUndefined()
      })

      itIf(subject.capabilities.exactTrim, 'tells a reader that asks for what is gone where it can begin', async () => {
        const { log, positions } = await filled(10)
        await log.trim(positions[5]!)
        const error = await expectError(async () => collect(log.read({ from: { position: positions[1]! } })), 'outOfRange')
        expect(error.position).toBe(positions[5])
        expect(await log.lookup([positions[1]!])).toEqual([undefined])
        expect(await read(log, { from: 'earliest', limit: 1 })).toEqual(['5'])
      })
    })

    describe('being closed', () => {
      it('waits for what is pending, and may be done twice', async () => {
        const log = await open()
        const pending = log.append([draft('a')])
        await log.close()
        expect(await pending).toMatchObject({ accepted: 1 })
        await log.close()
      })

      it('refuses everything afterwards', async () => {
        const log = await open()
        await log.close()
        await expectError(log.append([draft('a')]), 'closed')
        await expectError(async () => collect(log.read({ from: 'earliest' })), 'closed')
        await expectError(log.lookup([1n]), 'closed')
        await expectError(log.trim(1n), 'closed')
      })
    })

    it('says how it stands', async () => {
      const log = await open(() => 77)
      const { first, last } = log.stats()
      expect(first > last).toBe(true)
      expect(log.stats()).toMatchObject({ entries: 0, recovered: [] })
      const appended = await log.append([draft('a'), draft('b')])
      expect(log.stats()).toMatchObject({ first: appended.first, last: appended.last, entries: 2, lastAppendTime: 77, pendingBytes: 0 })
      expect(log.stats().sizeBytes).toBeGreaterThan(0)
    })

    it('says how much stands behind a position', async () => {
      const { log, positions } = await filled(5)
      expect([0n, positions[0]!, positions[3]!, positions[4]!, positions[4]! + 7n].map((it) => log.entriesAfter(it))).toEqual([5, 4, 1, 0, 0])
    })

    it('has an identity of its own', async () => {
      expect((await open()).identity).not.toBe((await open()).identity)
    })

    describeIf(subject.reopen !== undefined, 'opened again', () => {
      it('is the same log: identity, entries, positions, append time', async () => {
        const log = await open(() => 1_000)
        await log.append([draft('a', { key: 'k', time: 3 }), draft('b')])
        const { identity } = log
        const before = await readAll(log)
        const again = await reopen(log, () => 10)
        expect(again.identity).toBe(identity)
        expect(await readAll(again)).toEqual(before)
        expect((await again.append([draft('c')])).appendTime).toBe(1_000)
        const after = (await readAll(again)).map((it) => it.position)
        expect(after.slice(0, -1)).toEqual(before.map((it) => it.position))
        if (subject.capabilities.densePositions) expect(after.at(-1)).toBe(before.at(-1)!.position + 1n)
        else expect(after.at(-1)! > before.at(-1)!.position).toBe(true)
      })

      it('still recognises duplicates', async () => {
        const log = await open()
        const original = await log.append([draft('a', { key: 'k' })])
        const again = await reopen(log)
        expect(await again.append([draft('a', { key: 'k' })])).toMatchObject({ accepted: 0, positions: [original.first] })
        expect(await again.append([draft('other', { key: 'k' })])).toMatchObject({ accepted: 1 })
      })

      it('still knows its readers', async () => {
        const { log, positions } = await filled(10)
        await log.registerReader('slow', positions[2]!)
        const again = await reopen(log)
        expect((await again.trim(positions[8]!)) <= positions[2]!).toBe(true)
        await again.registerReader('slow', positions[5]!)
        expect(await (await reopen(again)).readerPosition('slow')).toBe(positions[5])
      })
    })

    async function reopen(log: Log, clock?: () => number): Promise<Log> {
      const again = await subject.reopen!(log, clock)
      opened.push(again)
      return again
    }

    /** A log with entries '0', '1', ... in appends of their own, appended at 1000, 1001, ... */
    async function filled(count: number): Promise<{ log: Log; positions: readonly bigint[] }> {
      let now = 999
      const log = await open(() => ++now)
      const positions: bigint[] = []
      for (const n of numbers(count)) positions.push((await log.append([draft(`${n}`)])).first)
      return { log, positions }
    }
  })
}

/** What a log does not have is not there to be tested; a skipped test would say that something is missing. */
function describeIf(applies: boolean, name: string, tests: () => void): void {
  if (applies) describe(name, tests)
}

function itIf(applies: boolean, name: string, test: () => Promise<void>): void {
  if (applies) it(name, test)
}

function draft(payload: string, more: Partial<Draft> = {}): Draft {
  return { kind: 'event', subject: `event.${payload}`, payload: Buffer.from(payload), ...more }
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i)
}

function text(entry: Entry): string {
  return new TextDecoder().decode(entry.payload)
}

async function collect(batches: AsyncIterable<readonly Entry[]>): Promise<Entry[]> {
  const entries: Entry[] = []
  for await (const batch of batches) entries.push(...batch)
  return entries
}

function readAll(log: Log, options: ReadOptions = { from: 'earliest' }): Promise<Entry[]> {
  return collect(log.read(options))
}

async function read(log: Log, options: ReadOptions): Promise<string[]> {
  return (await readAll(log, options)).map(text)
}

async function expectError(outcome: Promise<unknown> | (() => Promise<unknown>), code: LogErrorCode): Promise<LogError> {
  const error = await (typeof outcome === 'function' ? outcome() : outcome).then(() => undefined, (reason: unknown) => reason)
  expect(error).toBeInstanceOf(LogError)
  expect((error as LogError).code).toBe(code)
  return error as LogError
}

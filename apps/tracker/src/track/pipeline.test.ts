import { setImmediate } from 'node:timers/promises'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { Batch, Prepared } from './batch.js'
import { Pipeline } from './pipeline.js'

/** What happens to batches that are called by their names, and gates that hold back folding and committing of some. */
function pipeline() {
  const told: string[] = []
  const gates = new Map<string, Gate>()
  const gate = (name: string) => {
    const held = gates.get(name) ?? new Gate()
    gates.set(name, held)
    return held
  }
  const step = async (what: string, name: string) => {
    told.push(`${what} ${name}`)
    await gates.get(`${what} ${name}`)?.opened
  }
  const own = new Pipeline(async (prepared) => {
    await step('fold', prepared as unknown as string)
    return prepared as unknown as Batch
  })
  const push = (name: string, since?: number) => own.push(name as unknown as Prepared, (batch) => {
    told.push(`make ${batch as unknown as string}`)
    return () => step('commit', batch as unknown as string)
  }, since)
  return { own, push, gate, told }
}

class Gate {
  readonly opened: Promise<void>
  open: () => void = () => undefined
  fail: (error: Error) => void = () => undefined

  constructor() {
    this.opened = new Promise((resolve, reject) => {
      this.open = resolve
      this.fail = reject
    })
    this.opened.catch(() => undefined)
  }
}

async function turns(count = 20): Promise<void> {
  for (let turn = 0; turn < count; turn++) await setImmediate()
}

test('a batch is folded and committed though none comes after it', async () => {
  const { push, told } = pipeline()
  await push('a')
  await turns()
  expect(told).toEqual(['fold a', 'make a', 'commit a'])
})

test('the next is folded and its rows are made while one is committed; it is committed only after it', async () => {
  const { push, gate, told, own } = pipeline()
  const held = gate('commit a')
  await push('a')
  await push('b')
  await turns()
  expect(told).toEqual(['fold a', 'make a', 'commit a', 'fold b', 'make b'])
  held.open()
  await own.flush()
  expect(told).toEqual(['fold a', 'make a', 'commit a', 'fold b', 'make b', 'commit b'])
})

test('at most one waits for folding: who pushes more is held up', async () => {
  const { push, gate, told } = pipeline()
  const held = gate('commit a')
  await push('a')
  await push('b')
  let isTaken = false
  const third = push('c').then(() => (isTaken = true))
  await turns()
  expect([isTaken, told]).toEqual([false, ['fold a', 'make a', 'commit a', 'fold b', 'make b']])
  held.open()
  await third
  await turns()
  expect(told.at(-1)).toBe('commit c')
})

test('after a commit that fails nothing is committed; who waits for more hears of it, and who pushes next is told why', async () => {
  const { push, gate, told, own } = pipeline()
  const held = gate('commit a')
  await push('a')
  await push('b')
  const { broken } = own
  held.fail(new Error('the disk is full'))
  await turns()
  expect(broken.aborted).toBe(true)
  await expect(push('c')).rejects.toThrow('the disk is full')
  await expect(own.flush()).rejects.toThrow('the disk is full')
  await own.abandon()
  await turns()
  expect(told).toEqual(['fold a', 'make a', 'commit a', 'fold b', 'make b'])
  expect(own.broken.aborted).toBe(false)
  await push('d')
  await own.flush()
  expect(told.slice(5)).toEqual(['fold d', 'make d', 'commit d'])
})

test('who waits to take the next goes on where the commit fails, and is told why', async () => {
  const { push, gate, own } = pipeline()
  await push('a', performance.now())
  await own.flush()
  const held = gate('commit b')
  await push('b', performance.now())
  const ready = own.ready()
  held.fail(new Error('the disk is full'))
  await ready
  await push('c')
  await expect(own.flush()).rejects.toThrow('the disk is full')
})

test('what is given up while it is folded is not committed', async () => {
  const { push, gate, told, own } = pipeline()
  const held = gate('fold a')
  await push('a')
  const given = own.abandon()
  held.open()
  await given
  await turns()
  expect(told).toEqual(['fold a'])
})

test('the next is taken when it will be ready as the one before it is committed, going by how long both took of late', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  onTestFinished(() => void vi.useRealTimers())
  const { push, gate, own } = pipeline()
  const passes = async (ms: number) => {
    vi.advanceTimersByTime(ms)
    await turns()
  }
  /** Prepared in 10 ms; answers whether another is to be taken yet. */
  const taken = async (name: string) => {
    const held = gate(`commit ${name}`)
    await push(name, performance.now() - 10)
    const seen = { held, isReady: false }
    void own.ready().then(() => (seen.isReady = true))
    await turns()
    return seen
  }
  const first = await taken('a')
  // Of how long it takes nothing is known.
  expect(first.isReady).toBe(true)
  await passes(30)
  first.held.open()
  await own.flush()

  const second = await taken('b')
  await passes(19)
  expect(second.isReady).toBe(false)
  await passes(1)
  expect(second.isReady).toBe(true)
  await passes(10)
  second.held.open()
  await own.flush()

  const third = await taken('c')
  await passes(5)
  expect(third.isReady).toBe(false)
  third.held.open()
  await turns()
  // It was quicker than the others.
  expect(third.isReady).toBe(true)
  expect(vi.getTimerCount()).toBe(0)
})

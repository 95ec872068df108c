import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ServeModule } from '../../apps/tracker/src/serve/serve.module.js'
import { openServingHouse } from '../support/house.js'
import type { RunningHouse } from '../support/house.js'

interface Heard {
  readonly id: string
  readonly event: string
  readonly data: { kind: string } & Record<string, unknown>
}

let house: RunningHouse
beforeAll(async () => {
  house = await openServingHouse([ServeModule])
})
afterAll(() => house.close())

/** Reads the stream as a browser's fetch would. */
async function listen(query = '', lastEventId?: string): Promise<{ heard: Heard[]; stop: () => void; status: number }> {
  const stopping = new AbortController()
  const answer = await fetch(`${house.url}/api/v1/live${query}`, {
    headers: { accept: 'text/event-stream', ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }) }, signal: stopping.signal,
  })
  const heard: Heard[] = []
  const read = async () => {
    let rest = ''
    for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
      const blocks = (rest + chunk).split('\n\n')
      rest = blocks.pop() ?? ''
      for (const block of blocks) {
        const fields = Object.fromEntries(block.split('\n').filter((line) => /^(id|event|data): /.test(line)).map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]))
        if (fields['data'] !== undefined) heard.push({ id: fields['id'] ?? '', event: fields['event'] ?? '', data: JSON.parse(fields['data']) as Heard['data'] })
      }
    }
  }
  read().catch(() => undefined)
  return { heard, stop: () => stopping.abort(), status: answer.status }
}

async function commit(changed: Parameters<RunningHouse['fold']>[0]): Promise<bigint> {
  await house.log.append([{ kind: 'clock', subject: 'clock', payload: new Uint8Array() }])
  house.fold(changed)
  return house.log.stats().last
}
const kinds = (heard: readonly Heard[]) => heard.map(({ data }) => data.kind)

describe('the live stream', () => {
  it('begins with the clock, then says what changed, with the position as id', async () => {
    const { heard, stop } = await listen()
    await expect.poll(() => kinds(heard)).toEqual(['hello'])
    expect(heard[0]?.data).toMatchObject({ now: '2026-03-01T12:00:00.000Z', scale: 1 })
    const position = await commit({ models: ['order'], instances: 2 })
    await expect.poll(() => kinds(heard)).toEqual(['hello', 'changed'])
    expect(heard[1]).toMatchObject({ id: String(position), event: 'changed', data: { position: String(position), models: ['order'], instances: 2, alerts: false } })
    stop()
  })

  it('merges commits that come close together', async () => {
    const { heard, stop } = await listen()
    await expect.poll(() => kinds(heard)).toEqual(['hello'])
    for (let i = 0; i < 20; i++) await commit({ models: [i % 2 === 0 ? 'order' : 'zeta'], instances: 1, alerts: i === 3 })
    await expect.poll(() => heard.length).toBeGreaterThan(1)
    expect(heard[1]?.data).toMatchObject({ models: ['order', 'zeta'], instances: 20, alerts: true })
    stop()
  })

  it('says which tokens moved, by model', async () => {
    const { heard, stop } = await listen('?model=order')
    await commit({ models: ['order', 'zeta'], instances: 2, moves: [
      { model: 'order', version: 1, instance: 'i1', key: 'A', flows: ['f1'] }, { model: 'zeta', version: 1, instance: 'i2', key: 'B', flows: ['f2'] },
    ] })
    await expect.poll(() => kinds(heard)).toEqual(['hello', 'changed', 'moved'])
    expect(heard[2]?.data).toMatchObject({ model: 'order', moves: [{ instance: 'i1', key: 'A', flows: ['f1'] }] })
    stop()
  })

  it('of one model leaves the others out, but never alerts and commands', async () => {
    const { heard, stop } = await listen('?model=order')
    await expect.poll(() => kinds(heard)).toEqual(['hello'])
    const all = await listen()
    await commit({ models: ['zeta'], instances: 1 })
    await expect.poll(() => kinds(all.heard)).toEqual(['hello', 'changed'])
    await commit({ models: ['zeta'], commands: true })
    await expect.poll(() => kinds(heard)).toEqual(['hello', 'changed'])
    stop()
    all.stop()
  })

  it('tells who comes back what was missed, and to read everything again where that is not known', async () => {
    const watcher = await listen()
    const known = await commit({ models: ['order'], instances: 1 })
    await expect.poll(() => kinds(watcher.heard)).toContain('changed')
    const missed = await commit({ models: ['zeta'], instances: 3 })
    await expect.poll(() => watcher.heard.at(-1)?.id).toBe(String(missed))
    watcher.stop()

    const back = await listen('', String(known))
    await expect.poll(() => kinds(back.heard)).toEqual(['hello', 'changed'])
    // What was heard last is said again: more may have been committed there.
    expect(back.heard[1]?.data).toMatchObject({ models: ['order', 'zeta'], instances: 4 })
    back.stop()

    const upToDate = await listen('', String(missed))
    const fromElsewhere = await listen('', String(missed + 1_000n))
    await expect.poll(() => kinds(fromElsewhere.heard)).toEqual(['hello', 'reset'])
    expect(kinds(upToDate.heard)).toEqual(['hello', 'changed'])
    expect(upToDate.heard[1]?.data).toMatchObject({ models: ['zeta'], instances: 3 })
    upToDate.stop()
    fromElsewhere.stop()
  })

  it('tells who comes back of deadlines that were committed where they had heard of the position already', async () => {
    const watcher = await listen()
    const position = await commit({ models: ['order'], instances: 1 })
    await expect.poll(() => watcher.heard.at(-1)?.id).toBe(String(position))
    watcher.stop()
    house.fold({ models: ['zeta'], instances: 2 })
    const back = await listen('', String(position))
    await expect.poll(() => back.heard.flatMap(({ data }) => (data as { models?: string[] }).models ?? [])).toEqual(expect.arrayContaining(['order', 'zeta']))
    back.stop()
  })

  it('takes no notice of a Last-Event-ID that is none', async () => {
    const { heard, stop, status } = await listen('', 'nonsense')
    await expect.poll(() => kinds(heard)).toEqual(['hello'])
    expect(status).toBe(200)
    stop()
  })
})

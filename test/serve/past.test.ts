/** Flow and instance at a moment of the past, on what a real tracker followed. */
import { MemoryLog } from '@tidemark/log'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { showPastFlow } from '../../apps/tracker/src/serve/past-flow.js'
import { Processes } from '../../apps/tracker/src/serve/processes.js'
import { ServeModule } from '../../apps/tracker/src/serve/serve.module.js'
import { identityInUnit } from '../../apps/tracker/src/store/identity.js'
import { readPastCounts, readSomeUnderWay, readUnderWay } from '../../apps/tracker/src/store/read/past.js'
import { foldAll } from '../support/follower.js'
import { openServingHouse, type RunningHouse } from '../support/house.js'
import { eventDraft, recordShop, START } from '../support/recorded-shop.js'
import { insert, instanceRow } from '../support/seed.js'
import { BY_ORDER, cloudEvent, xmlOf } from '../support/small-process.js'
import { emptyTables } from '../support/tables.js'

const MINUTE = 60_000
const at = (minutes: number) => new Date(START + minutes * MINUTE).toISOString()
const SHOP = 'order-fulfilment'

let house: RunningHouse
beforeAll(async () => {
  house = await openServingHouse([ServeModule], { shards: 4 })
}, 60_000)
afterAll(() => house.close())

const get = async (path: string) => (await fetch(`${house.url}/api/v1${path}`)).json()
const tokensOf = (flow: { elements: { name: string; tokens: number }[] }) => Object.fromEntries(flow.elements.filter(({ tokens }) => tokens > 0).map(({ name, tokens }) => [name, tokens]))

describe('a process of four steps', () => {
  const steps = ['placed', 'paid', 'shipped', 'delivered']
  beforeAll(async () => {
    await emptyTables(house.db)
    const log = new MemoryLog({ clock: () => START + 100 * MINUTE })
    const payload = Buffer.from(JSON.stringify({ xml: xmlOf({ id: 'orders', steps }), mapping: `${BY_ORDER}\nelements: { paid: { sla: PT15M } }\ngrace: PT0S`, by: 'test' }))
    await log.append([{ kind: 'model', subject: 'model', payload }])
    // The third comes last, and is late.
    for (const [type, minutes, order] of [['placed', 10, 'A'], ['paid', 20, 'A'], ['delivered', 40, 'A'], ['placed', 35, 'B'], ['shipped', 30, 'A']] as const) {
      await log.append([eventDraft({ ...cloudEvent({ type, data: { order, minutes }, at: START + minutes * MINUTE }), time: at(minutes) })])
    }
    await foldAll(house.db, log)
    house.clock.ms = START + 100 * MINUTE
    house.fold()
  })

  it.each([
    [5, { active: 0, completed: 0 }, {}],
    [12, { active: 1, completed: 0 }, { paid: 1 }],
    [25, { active: 1, completed: 0 }, { shipped: 1 }],
    [37, { active: 2, completed: 0 }, { delivered: 1, paid: 1 }],
    [45, { active: 1, completed: 1 }, { paid: 1 }],
    [60, { active: 1, completed: 1, late: 1 }, { paid: 1 }],
  ])('is shown as it was after %d minutes', async (minutes, counts, tokens) => {
    const flow = await get(`/models/orders/flow?at=${at(minutes)}`)
    expect(flow).toMatchObject({ at: at(minutes), past: true, ...counts })
    expect(tokensOf(flow)).toEqual(tokens)
    expect(flow.sampled).toBeUndefined()
  })

  it('has instances that were where they were, read with what is known today', async () => {
    const { items } = await get('/instances?key=A')
    const then = await get(`/instances/${items[0].id}?at=${at(37)}`)
    expect(then).toMatchObject({ past: true, at: at(37), status: 'active', lastEventAt: at(30), deviations: 0, variables: { minutes: 30 } })
    expect(then.tokens).toMatchObject([{ name: 'delivered', since: at(30) }])
    expect(then.events.map(({ type, reading }: { type: string; reading: string }) => `${type} ${reading}`)).toEqual(['placed fits', 'paid fits', 'shipped fits'])
    expect(then.endedAt).toBeUndefined()
    expect(await get(`/instances/${items[0].id}`)).toMatchObject({ status: 'completed', endedAt: at(40), variables: { minutes: 40 } })
    expect(await get(`/instances/${items[0].id}?at=${at(5)}`)).toMatchObject({ status: 404, code: 'instanceNotBegun', detail: expect.stringContaining(at(10)) })
  })

  it.each([['at=yesterday'], ['at=2036-01-01T00:00:00Z']])('refuses %s', async (query) => {
    for (const path of ['/models/orders/flow', `/instances/${(await get('/instances?key=A')).items[0].id}`]) {
      expect(await get(`${path}?${query}`)).toMatchObject({ status: 400, code: 'invalidRequest', detail: expect.stringContaining('at') })
    }
  })
})

describe('a shop of some weeks', () => {
  let clock: number
  beforeAll(async () => {
    await emptyTables(house.db)
    const log = await recordShop(house.db, { seed: 'past', orders: 120, days: 12 })
    clock = log.stats().lastAppendTime
    house.clock.ms = clock
    house.fold()
  }, 60_000)

  it('a moment ago was as it is', async () => {
    const [past, now] = [await get(`/models/${SHOP}/flow?at=${new Date(clock).toISOString()}`), await get(`/models/${SHOP}/flow`)]
    expect(now.active).toBeGreaterThan(3)
    for (const count of ['active', 'completed', 'terminated'] as const) expect(past[count]).toBe(now[count])
    expect(tokensOf(past)).toEqual(tokensOf(now))
  })

  it('says of each moment what its instances say of it', async () => {
    for (const days of [2, 4, 8]) {
      const moment = new Date(START + days * 86_400_000).toISOString()
      const flow = await get(`/models/${SHOP}/flow?at=${moment}`)
      const sums: Record<string, number> = {}
      let active = 0
      for (const { id } of (await get('/instances?limit=500')).items) {
        const then = await get(`/instances/${id}?at=${moment}`)
        if (then.code === 'instanceNotBegun' || then.status !== 'active') continue
        active++
        for (const { name } of then.tokens) sums[name] = (sums[name] ?? 0) + 1
      }
      expect(active).toBeGreaterThan(5)
      expect(flow.active).toBe(active)
      expect(tokensOf(flow)).toEqual(sums)
    }
  }, 60_000)

  it('counts the same by indexes and by reading the table once', async () => {
    const moments = [2, 5, 8, 11].map((days) => START + days * 86_400_000)
    const counts = () => Promise.all(moments.map((moment) => readPastCounts(house.db, SHOP, 1, moment)))
    // A table that was just cleaned, and one that was written since.
    const reading = async (before: string) => (await house.db.query(before), counts())
    const known = await reading(`vacuum analyze instance`)
    await house.db.query(`update instance set shown_at = shown_at`)
    expect(await reading(`analyze instance`)).toEqual(known)
    const [table] = await house.db.query(`select relpages - relallvisible + pg_stat_get_mod_since_analyze(oid) > relpages / 2 as written from pg_class where oid = 'instance'::regclass`)
    expect(table).toEqual({ written: true })
    expect(known.every(({ underWay, completed }) => underWay + completed > 5)).toBe(true)
  })

  it('stands for all of them where only a share is followed', async () => {
    const exact = await showPastFlow(house.db, new Processes(house.db), SHOP, undefined, START + 8 * 86_400_000)
    const sampled = await showPastFlow(house.db, new Processes(house.db), SHOP, undefined, START + 8 * 86_400_000, 20)
    expect(exact.sampled).toBeUndefined()
    expect(sampled.sampled).toBeGreaterThan(5)
    expect(sampled.sampled).toBeLessThan(exact.active)
    expect([sampled.active, sampled.completed]).toEqual([exact.active, exact.completed])
    const tokens = (flow: typeof exact) => flow.elements.reduce((sum, { tokens: own }) => sum + own, 0)
    expect(Math.abs(tokens(sampled) - tokens(exact))).toBeLessThan(tokens(exact) * 0.5)
  })
})

it('of very many it takes some from everywhere, also where their identities stand beside each other', async () => {
  await emptyTables(house.db)
  const orders = 6_000
  await insert(house.db, 'instance', Array.from({ length: orders }, (_, index) => {
    const key = `O-${10_000 + index}`
    return instanceRow(key, { id: identityInUnit(['order', key, '/shop', '1']) })
  }))
  for (const chosen of [await readUnderWay(house.db, 'order', 1, 1, orders, 600), await readSomeUnderWay(house.db, 'order', 1, 1, 600)]) {
    expect(Math.abs(chosen.length - 600)).toBeLessThan(120)
    const perThousand = Array.from({ length: 6 }, (_, thousand) => chosen.filter(({ key }) => key.startsWith(`O-1${thousand}`)).length)
    for (const count of perThousand) expect(Math.abs(count - 100)).toBeLessThan(50)
  }
  expect(await readUnderWay(house.db, 'order', 1, 1, orders, orders)).toHaveLength(orders)
  // A few pages of many.
  expect((await readSomeUnderWay(house.db, 'order', 1, 1, 20)).length).toBeGreaterThan(10)
})

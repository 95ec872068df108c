/** History goes some time after it has ended; what the log says of that is all that a rebuild needs. */
import type { Draft } from '@tidemark/log'
import { describe, expect, test } from 'vitest'
import { HeadGate } from '../../apps/tracker/src/deliver/head-gate.js'
import { HistoryKeeper, PORTION_INSTANCES } from '../../apps/tracker/src/deliver/history-keeper.js'
import { readAged } from '../../apps/tracker/src/store/deliver/history.js'
import { follow, type Follower } from '../support/follower.js'
import { clock, db, expectRebuilds, log, standOn } from '../support/ground.js'
import { eventDraft, START } from '../support/recorded-shop.js'
import { BY_ORDER, cloudEvent, xmlOf } from '../support/small-process.js'
import { readTables } from '../support/tables.js'

const DAY = 86_400_000
const KEPT = 30 * DAY
/** More than one portion. */
const ORDERS = PORTION_INSTANCES + 40

standOn(START)

const TABLES = ['instance', 'instance_event', 'token', 'deviation', 'alert_member', 'command', 'deadline']
const tick: Draft = { kind: 'clock', subject: 'clock', payload: new Uint8Array() }
const deployed = (id: string): Draft => ({
  kind: 'model', subject: 'model', payload: Buffer.from(JSON.stringify({ xml: xmlOf({ id, steps: ['placed', 'paid', 'shipped'] }), mapping: BY_ORDER, by: 'test' })),
})
const said = (type: string, order: string, at: number, more: object = {}) => {
  const event = cloudEvent({ type, data: { order, ...more }, at, id: `${order} ${type}` })
  return eventDraft({ ...event, time: new Date(at).toISOString() })
}
/** All of an order, its payment left out where it is to deviate. */
const whole = (order: string, at: number, deviates: boolean) => [
  said('placed', order, at), ...(deviates ? [] : [said('paid', order, at + 1_000)]), said('shipped', order, at + 2_000, { parcel: `parcel of ${order}` }),
]

/** As the house does it: one portion after the other, while there are any. */
async function dropAged(follower: Follower): Promise<void> {
  const faults: unknown[] = []
  const keeper = new HistoryKeeper(db, log, follower.progress, new HeadGate(log, follower.progress, { now: () => clock.now, machine: Date.now, scale: 1 }), KEPT, (error) => faults.push(error))
  keeper.start()
  while ((await readAged(db, follower.progress.clock - KEPT, 1)) !== undefined) await new Promise((done) => setImmediate(done))
  await keeper.stop()
  await follower.settled()
  expect(faults).toEqual([])
}

async function fateOf(id: string): Promise<string[]> {
  const positions: bigint[] = []
  for await (const entries of log.read({ from: 'earliest' })) for (const entry of entries) if (entry.key.endsWith(`\0${id}`)) positions.push(entry.position)
  return (await db.query<{ kind: string }>(`select kind from event_fate where position = any($1::bigint[])`, [positions.map(String)])).map(({ kind }) => kind)
}

async function count(table: string): Promise<number> {
  const [row] = await db.query<{ n: number }>(`select count(*)::int as n from ${table}`)
  return row?.n ?? 0
}

describe('instances that ended long ago', () => {
  test('go with all that belongs to them, in portions; those that are under way, or ended lately, stay', async () => {
    const follower = await follow(db, log)
    await log.append([deployed('orders')])
    for (let n = 0; n < ORDERS; n++) await log.append(whole(`old ${n}`, clock.now - 10_000, n % 10 === 0))
    await log.append([said('placed', 'under way', clock.now - 10_000)])
    clock.now += 20 * DAY
    await log.append(whole('lately', clock.now - 10_000, true))
    await follower.settled()
    expect(await count('alert_member')).toBeGreaterThan(0)
    clock.now += 11 * DAY
    await log.append([tick])
    await follower.settled()
    await dropAged(follower)
    expect((await db.query<{ key: string }>(`select key from instance order by key`)).map(({ key }) => key)).toEqual(['lately', 'under way'])
    expect(await db.query(`select distinct i.key from instance_event e join instance i using (unit) order by 1`)).toHaveLength(2)
    expect(await count('instance_event')).toBe(3)
    expect(await count('dropped_unit')).toBe(ORDERS)
    expect(await db.query(`select sum(units)::int as units from dropped_history`)).toEqual([{ units: ORDERS }])
    const portions: number[] = []
    for await (const entries of log.read({ from: 'earliest' })) for (const { subject } of entries) if (subject === 'settlement.history') portions.push(1)
    expect(portions).toHaveLength(2)
    await follower.stop()
  }, 60_000)

  test('do not begin again with an event that comes too late, whichever key it has', async () => {
    const follower = await follow(db, log)
    await log.append([deployed('orders'), ...whole('A', clock.now - 10_000, false), ...whole('B', clock.now - 10_000, false)])
    clock.now += 31 * DAY
    await log.append([tick])
    await follower.settled()
    await dropAged(follower)
    const parcel = cloudEvent({ type: 'shipped', data: { parcel: 'parcel of B' }, id: 'by parcel' })
    await log.append([said('paid', 'A', clock.now), eventDraft({ ...parcel, time: new Date(clock.now).toISOString() }), said('placed', 'C', clock.now)])
    await follower.settled()
    expect(await fateOf('A paid')).toEqual(['tooOld'])
    expect(await fateOf('by parcel')).toEqual(['tooOld'])
    expect((await db.query<{ key: string }>(`select key from instance`)).map(({ key }) => key)).toEqual(['C'])
    await follower.stop()
  })

  test('of an imported log are kept from when they came, and of a later model from when that was deployed', async () => {
    const follower = await follow(db, log)
    await log.append([deployed('orders'), ...whole('imported', clock.now - 400 * DAY, false)])
    clock.now += 20 * DAY
    await log.append([deployed('later')])
    await follower.settled()
    expect(await readAged(db, clock.now - KEPT, 10)).toBeUndefined()
    clock.now += 11 * DAY
    await log.append([tick])
    await follower.settled()
    await dropAged(follower)
    expect(await db.query(`select model from instance`)).toEqual([{ model: 'later' }])
    clock.now += 20 * DAY
    await log.append([tick])
    await follower.settled()
    await dropAged(follower)
    expect(await count('instance')).toBe(0)
    await follower.stop()
  })
})

test('a rebuild drops the same, in batches of any size and with deaths in between', async () => {
  const follower = await follow(db, log)
  await log.append([deployed('orders')])
  for (let week = 0; week < 8; week++) {
    for (let n = 0; n < 12; n++) {
      const order = `${week}-${n}`
      // Of some the end comes weeks later; some come again when they are gone.
      await log.append(n % 4 === 0 ? [said('placed', order, clock.now)] : whole(order, clock.now - 5_000, n % 3 === 0))
      if (week >= 3 && n % 4 === 0) await log.append([said('shipped', `${week - 3}-${n}`, clock.now, { parcel: order }), said('paid', `${week - 3}-${n + 1}`, clock.now)])
      if (week >= 6) await log.append([said('paid', `${week - 6}-${n}`, clock.now)])
    }
    if (week === 5) await log.append([deployed('later')])
    clock.now += 7 * DAY
    await log.append([tick])
    await follower.settled()
    await dropAged(follower)
  }
  await follower.stop()
  const live = await readTables(db)
  expect(live.get('dropped_unit')?.length).toBeGreaterThan(20)
  expect(live.get('event_fate')?.filter((row) => row.includes('tooOld')).length).toBeGreaterThan(5)
  await expectRebuilds([{}, { batch: 1_000 }, { batch: 7, restartAfter: 20 }, { batch: 1, restartAfter: 40 }])
  for (const table of TABLES) expect(await count(table), table).toBe(live.get(table)?.length)
}, 120_000)

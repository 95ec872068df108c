/** Very many deadlines at once, and some that cannot be acted on: none is left out, none hides another. */
import type { Draft } from '@tidemark/log'
import { expect, test } from 'vitest'
import { nextDue } from '../../apps/tracker/src/store/next-due.js'
import { dueUnits } from '../../apps/tracker/src/store/write/load-units.js'
import { follow } from '../support/follower.js'
import { clock, db, log, standOn } from '../support/ground.js'
import { eventDraft, START } from '../support/recorded-shop.js'
import { BY_ORDER, cloudEvent, xmlOf } from '../support/small-process.js'

const HOUR = 3_600_000
/** More than two portions. */
const ORDERS = 2_300

standOn(START)

const model = (id: string): Draft => ({
  kind: 'model', subject: 'model', payload: Buffer.from(JSON.stringify({ xml: xmlOf({ id, steps: ['placed', 'paid'] }), mapping: `${BY_ORDER}\nstuckAfter: PT1H\ngrace: PT1M`, by: 'test' })),
})
const placed = (order: string, at: number) => eventDraft({ ...cloudEvent({ type: 'placed', data: { order }, at }), time: new Date(at).toISOString() })

test('what fell due while nobody looked fires once each, and is not late by what came in meanwhile', async () => {
  const follower = await follow(db, log)
  await log.append([model('orders'), ...Array.from({ length: ORDERS }, (_, n) => placed(`order ${n}`, START - n))])
  await follower.settled()
  clock.now += 2 * HOUR
  await log.append([placed('meanwhile', clock.now)])
  await follower.settled()
  expect(await db.query(`select count(*)::int as stuck from instance where stuck`)).toEqual([{ stuck: ORDERS }])
  expect(await db.query(`select sum(stuck)::int as stuck from model_count`)).toEqual([{ stuck: ORDERS }])
  expect(await db.query(`select count(*)::int as members from alert_member`)).toEqual([{ members: ORDERS }])
  expect(await db.query(`select key from instance where not stuck`)).toEqual([{ key: 'meanwhile' }])
  await follower.stop()
})

test('a deadline that waits for something else than time hides none that comes after it', async () => {
  const follower = await follow(db, log)
  await log.append([model('orders'), placed('early', START), placed('late', START)])
  await follower.settled()
  await follower.stop()
  // As of a model that was stopped: the tables say since when.
  await db.query(`update deadline set at = $1 where unit = (select unit from instance where key = 'early')`, [START - HOUR])
  const [first] = await db.query<{ at: string }>(`select at from deadline order by at desc limit 1`)
  expect(await nextDue(db, START)).toBe(Number(first?.at))
  expect(await nextDue(db, Number(first?.at))).toBeUndefined()
  await db.query(`update model_shard set status = 'suspended'`)
  const one = await dueUnits(db, [0, 1, 2, 3], START + 9 * HOUR, undefined, 1)
  expect(one.units).toEqual([])
  expect(one.next?.at).toBe(String(START - HOUR))
  await db.query(`update model_shard set status = 'active'`)
  expect((await dueUnits(db, [0, 1, 2, 3], START + 9 * HOUR, one.next, 5)).units.map(({ key }) => key)).toEqual(['late'])
})

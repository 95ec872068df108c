/**
 * State is a fold of the log: what a live tracker kept is what comes of the log alone, wherever it is cut and however often the tracker dies,
 * and (within one append time) in whatever order entries came.
 */
import { readFile } from 'node:fs/promises'
import { generateOrders, modelFile } from '@tidemark/example-order-fulfilment'
import { MemoryLog, type Draft } from '@tidemark/log'
import { describe, expect, test } from 'vitest'
import { randomOf } from '../../libs/bpmn/src/testing/walk.js'
import { miscounted } from '../support/checker.js'
import { foldAll, follow } from '../support/follower.js'
import { clock, db, expectRebuilds, log, standOn } from '../support/ground.js'
import { eventDraft, recordShop, START, type Recording } from '../support/recorded-shop.js'
import { shuffled } from '../support/shuffled.js'
import { BY_ORDER, cloudEvent, xmlOf } from '../support/small-process.js'
import { emptyTables, readTables } from '../support/tables.js'

standOn(START)

describe('a rebuild gives the rows that a live tracker kept', () => {
  const recordings: readonly Recording[] = [
    { seed: 'laws-1', orders: 60, days: 9 }, { seed: 'laws-2', orders: 60, days: 30 }, { seed: 'laws-3', orders: 60, days: 23, mode: 'suggest' },
  ]
  test.each(recordings)('in batches of any size, with deaths in between: $orders orders over $days days, seed $seed', async (recording) => {
    const recorded = await recordShop(db, recording)
    expect(await miscounted(db)).toEqual([])
    expect((await readTables(db)).get('instance')?.length).toBeGreaterThan(50)
    await expectRebuilds([
      { batch: 1_000 }, { batch: 7, restartAfter: 20 }, { batch: 100, restartAfter: 1 },
      // Held back and written in portions; the second dies between two of them, again and again.
      { batch: 50, holdsBack: { facts: 300, bytes: 1e9, portion: 40, near: 10 } }, { batch: 30, restartAfter: 9, holdsBack: { facts: 1e6, bytes: 40_000, portion: 20, near: 0 } },
    ], recorded)
  }, 120_000)

  test('entry by entry', async () => {
    const recorded = await recordShop(db, { seed: 'laws-4', orders: 25, days: 16 })
    await expectRebuilds([{ batch: 1, restartAfter: 40 }], recorded)
  }, 120_000)
})

test('the order in which entries arrive changes nothing, be they linked by other keys, repeated or late', async () => {
  const run = generateOrders({ orders: 60, startTime: START, seed: 'laws-5', ordersPerDay: 40, commands: 'timely' })
  const drafts = [...run].map(eventDraft)
  const model: Draft = { kind: 'model', subject: 'model', payload: Buffer.from(JSON.stringify({ xml: await readFile(modelFile, 'utf8'), by: 'test' })) }
  const folds = []
  for (const seed of [1, 2]) {
    const arrived = new MemoryLog({ clock: () => run.now() })
    await arrived.append([model, ...shuffled(drafts, randomOf(seed))])
    await emptyTables(db)
    await foldAll(db, arrived)
    folds.push(await byEvent())
  }
  expect(folds[0]?.instances.length).toBeGreaterThan(50)
  expect(folds[1]).toEqual(folds[0])
}, 120_000)

/** What is known, without positions: those are the order of arrival itself. */
async function byEvent() {
  const rows = async (sql: string) => (await db.query<{ row: string }>(`select (${sql.replace(' from ', ')::text as row from ')} order by 1`)).map(({ row }) => row)
  return {
    instances: await rows(`to_jsonb(i) - array['shown_at', 'position', 'former_ids'] from instance i`),
    readings: await rows(`jsonb_build_array(event_id, instance, element, phase, reading) from instance_event`),
    commands: await rows(`to_jsonb(c) - array['next_attempt_at', 'attempts'] from command c`),
    waiting: await rows(`jsonb_build_array(name, value, fact_json::jsonb ->> 'id') from waiting_event where released_at is null`),
    counts: await rows(`to_jsonb(c) from element_count c where visits > 0 or tokens > 0`),
  }
}

describe('an instance', () => {
  const steps = ['placed', 'paid', 'shipped', 'delivered']
  const at = (minutes: number) => START + minutes * 60_000
  const event = (type: string, minutes: number) => eventDraft({ ...cloudEvent({ type, data: { order: 'A' }, at: at(minutes) }), time: new Date(at(minutes)).toISOString() })
  const model: Draft = { kind: 'model', subject: 'model', payload: Buffer.from(JSON.stringify({ xml: xmlOf({ id: 'orders', steps }), mapping: BY_ORDER, by: 'test' })) }

  test('is found by every id that it ever had', async () => {
    clock.now = at(60)
    await log.append([model])
    const follower = await follow(db, log)
    const ids: string[] = []
    for (const [step, minutes] of [['delivered', 40], ['shipped', 30], ['paid', 20], ['placed', 10]] as const) {
      await log.append([event(step, minutes)])
      await follower.settled()
      const [row, ...others] = await db.query<{ id: string; former_ids: string[]; status: string }>(`select id, former_ids, status from instance`)
      expect(others).toEqual([])
      expect([...row!.former_ids].sort()).toEqual([...ids].sort())
      ids.push(row!.id)
    }
    await follower.stop()
    expect(new Set(ids).size).toBe(4)
  })

  test('shows that a deadline is being waited out, wherever the log is cut', async () => {
    clock.now = at(0)
    const patient = { xml: xmlOf({ id: 'orders', steps }), mapping: `${BY_ORDER}\nstuckAfter: PT10M\ngrace: PT5M\nelements: { paid: { sla: PT11M } }`, by: 'test' }
    const follower = await follow(db, log)
    await log.append([{ kind: 'model', subject: 'model', payload: Buffer.from(JSON.stringify(patient)) }, event('placed', 0)])
    await follower.settled()
    clock.now = at(12)
    await log.append([{ kind: 'clock', subject: 'clock', payload: new Uint8Array() }])
    await follower.settled()
    await follower.stop()
    await expectRebuilds([{}])
    expect(await db.query(`select settling, stuck from instance`)).toEqual([{ settling: true, stuck: false }])
  })

  test('says since when its alarm is, also when a late event moves that moment', async () => {
    clock.now = at(60)
    const follower = await follow(db, log)
    for (const late of [[model, event('placed', 10), event('shipped', 30)], [event('delivered', 20)]]) {
      await log.append(late)
      clock.now += 60_000
      await log.append([{ kind: 'clock', subject: 'clock', payload: new Uint8Array() }])
      await follower.settled()
    }
    await follower.stop()
    expect((await readTables(db)).get('alert_member')?.length).toBeGreaterThan(0)
    await expectRebuilds([{}])
  })
})

/** Models that come after their events, and models that are replaced while instances are under way. The log's clock stands or goes as told. */
import type { Draft } from '@tidemark/log'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { follow, type Cut, type Follower } from '../support/follower.js'
import { clock, db, expectRebuilds as expectTablesAgain, log, standOn } from '../support/ground.js'
import { eventDraft } from '../support/recorded-shop.js'
import { BY_ORDER, cloudEvent, xmlOf, type SmallProcess } from '../support/small-process.js'

const NOON = Date.UTC(2026, 2, 1, 12)
const V1 = { id: 'orders', steps: ['placed', 'paid', 'shipped'] }
const V2 = { id: 'orders', steps: ['placed', 'checked', 'paid', 'shipped'] }

let follower: Follower
standOn(NOON)
beforeEach(async () => {
  follower = await follow(db, log)
})
afterEach(() => follower.stop())

function model(process: SmallProcess): Draft {
  return { kind: 'model', subject: 'model', payload: Buffer.from(JSON.stringify({ xml: xmlOf(process), mapping: BY_ORDER, by: 'test' })) }
}
const event = (type: string, order: string, at = clock.now): Draft => eventDraft({ time: new Date(at).toISOString(), ...cloudEvent({ type, data: { order }, at }) })
/** Appends and folds; answers when the tables know. */
async function append(...drafts: Draft[]): Promise<void> {
  await log.append(drafts)
  await follower.settled()
}
async function instances(): Promise<Record<string, string>> {
  const rows = await db.query<{ key: string; version: number; status: string; deviations: number }>(`select key, version, status, deviations from instance order by key, run`)
  return Object.fromEntries(rows.map(({ key, version, status, deviations }) => [key, `v${version} ${status}${deviations === 0 ? '' : `, ${deviations} deviations`}`]))
}
async function expectRebuilds(cuts?: readonly Cut[]): Promise<void> {
  await follower.stop()
  await expectTablesAgain(cuts)
}

describe('a new version', () => {
  test('takes instances that begin after it; those under way stay on theirs', async () => {
    await append(model(V1), event('placed', 'A'))
    clock.now += 1_000
    await append(model(V2))
    clock.now += 1_000
    await append(event('paid', 'A'), event('placed', 'B'), event('shipped', 'A'), event('checked', 'B'), event('paid', 'B'), event('shipped', 'B'))
    expect(await instances()).toEqual({ A: 'v1 completed', B: 'v2 completed' })
    await expectRebuilds()
  })

  test('does not take over what came in the same millisecond before it', async () => {
    await append(model(V1), event('placed', 'A'))
    await append(model(V2), event('placed', 'B'))
    clock.now += 1_000
    await append(event('paid', 'A'), event('shipped', 'A'))
    expect(await instances()).toMatchObject({ A: 'v1 completed' })
    await expectRebuilds()
  })

  test('does not take an instance whose beginning comes late, from before it', async () => {
    await append(model(V1))
    clock.now += 1_000
    await append(model(V2))
    clock.now += 1_000
    await append(event('placed', 'A', NOON + 500), event('paid', 'A', NOON + 600), event('shipped', 'A'))
    expect(await instances()).toEqual({ A: 'v1 completed' })
    await expectRebuilds()
  })
})

describe('a model that comes after its events', () => {
  test('catches up, while other models and its own newest events go on', async () => {
    await append(model({ id: 'others', steps: ['opened', 'closed'] }))
    const drafts: Draft[] = []
    for (let n = 0; n < 700; n++) drafts.push(event('placed', `A${n}`), event('paid', `A${n}`), event('opened', `A${n}`))
    await append(...drafts)
    await log.append([model(V1)])
    const live: Draft[] = []
    for (let n = 0; n < 700; n++) live.push(event('shipped', `A${n}`), event('closed', `A${n}`), event('placed', `B${n}`))
    for (let from = 0; from < live.length; from += 100) await log.append(live.slice(from, from + 100))
    await follower.settled()
    const count = async (sql: string) => Number((await db.query<{ n: string }>(sql))[0]?.n)
    expect(await count(`select count(*) as n from instance where model = 'orders' and status = 'completed' and deviations = 0`)).toBe(700)
    expect(await count(`select count(*) as n from instance where model = 'orders' and status = 'active' and deviations = 0`)).toBe(700)
    expect(await count(`select count(*) as n from instance where model = 'others' and status = 'completed'`)).toBe(700)
    expect(await count(`select count(*) as n from instance_event`)).toBe(4_200)
    await expectRebuilds([{}, { batch: 300, restartAfter: 3 }])
  }, 120_000)

  test('and is replaced before it has caught up, gives each event to the version of its time', async () => {
    const drafts: Draft[] = []
    for (let n = 0; n < 1_500; n++) drafts.push(event('placed', `A${n}`))
    await append(...drafts)
    clock.now += 1_000
    await log.append([model(V1), ...Array.from({ length: 100 }, (_, n) => event('paid', `A${n}`))])
    clock.now += 1_000
    await log.append([model(V2)])
    clock.now += 1_000
    await log.append(Array.from({ length: 1_500 }, (_, n) => event('placed', `B${n}`)))
    clock.now += 1_000
    await append(...Array.from({ length: 100 }, (_, n) => event('shipped', `A${n}`)), ...Array.from({ length: 100 }, (_, n) => event('checked', `B${n}`)))
    const rows = await db.query<{ version: number; status: string; deviations: number; n: string }>(
      `select version, status, deviations, count(*) as n from instance group by 1, 2, 3 order by 1, 2, 3`)
    expect(rows.map(({ version, status, deviations, n }) => `${n} on v${version} ${status} ${deviations}`)).toEqual([
      '1400 on v1 active 0', '100 on v1 completed 0', '1500 on v2 active 0'])
    await expectRebuilds([{}, { batch: 300, restartAfter: 3 }])
  }, 120_000)
})

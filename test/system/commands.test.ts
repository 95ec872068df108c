/** Commands as state: what left stays what it was, whatever comes later, also after a rebuild. */
import type { Draft } from '@tidemark/log'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { commandEvent } from '../../apps/tracker/src/deliver/command-event.js'
import type { SettlementEntry } from '../../apps/tracker/src/store/entries.js'
import { follow, type Follower } from '../support/follower.js'
import { clock, db, expectRebuilds, log, standOn } from '../support/ground.js'
import { eventDraft } from '../support/recorded-shop.js'
import { BY_ORDER, cloudEvent, xmlOf } from '../support/small-process.js'

const NOON = Date.UTC(2026, 2, 1, 12)
const MANAGED = `${BY_ORDER}
mode: manage
grace: PT0S
elements: { remind: { managed: true, command: { type: remind, target: post, data: "= { order: key, amount: amount }" } } }`

let follower: Follower
standOn(NOON)
beforeEach(async () => {
  follower = await follow(db, log)
  await append(draft('model', { xml: xmlOf({ id: 'bills', steps: ['billed', 'remind', 'paid'] }), mapping: MANAGED, by: 'test' }))
})
afterEach(() => follower.stop())

const draft = (kind: 'model' | 'settlement', payload: object): Draft => ({ kind, subject: kind, payload: Buffer.from(JSON.stringify(payload)) })
const settled = (entry: SettlementEntry): Draft => draft('settlement', entry)
const event = (type: string, data: object = {}, at = clock.now): Draft => eventDraft({ ...cloudEvent({ type, data: { order: 'A', ...data }, at }), time: new Date(at).toISOString() })
async function append(...drafts: Draft[]): Promise<void> {
  clock.now += 1_000
  await log.append(drafts)
  await follower.settled()
}
interface Row { id: string; type: string; key: string; status: string; data: unknown; decided_at: string; instance: string; element: string; cause: string }
const commands = () => db.query<Row>(`select id, type, key, status, data, decided_at, instance, element, cause from command order by decided_at`)

async function leave(): Promise<Row> {
  const [scheduled] = (await commands()).filter(({ status }) => status === 'scheduled')
  const { id, element, cause } = scheduled!
  await append(settled({ what: 'commandLeft', command: id, model: 'bills', key: 'A', element, cause, event: commandEvent(scheduled!) }))
  return scheduled!
}

test('a command that left says the same for ever, also where a late beginning would have it otherwise', async () => {
  await append(event('billed', { amount: 10 }))
  const { id, data, decided_at } = await leave()
  expect(data).toEqual({ order: 'A', amount: 10 })
  await append(event('billed', { amount: 99 }, NOON + 900))
  expect(await commands()).toMatchObject([{ id, data, decided_at, status: 'sending' }])
  await follower.stop()
  await expectRebuilds()
})

test('a key that comes again gets a second instance, and the command of the first stays with the first', async () => {
  await append(event('billed', { amount: 10 }))
  const first = await leave()
  await append(settled({ what: 'commandSettled', command: first.id, model: 'bills', key: 'A', outcome: 'delivered', attempts: 1 }))
  await append(event('paid'))
  await append(event('billed', { amount: 20 }))
  expect(await commands()).toMatchObject([{ id: first.id, status: 'delivered', instance: first.instance }, { status: 'scheduled', data: { amount: 20 } }])
  await leave()
  await append(event('paid'))
  expect(await db.query(`select run, status, deviations from instance order by run`)).toMatchObject([{ run: 0, status: 'completed', deviations: 0 }, { run: 1, status: 'completed', deviations: 0 }])
  await follower.stop()
  await expectRebuilds()
})

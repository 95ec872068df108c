/** What fell due while the house was down waits until senders have brought what they kept meanwhile: effects, not what is shown. */
import type { Draft } from '@tidemark/log'
import { beforeEach, expect, test } from 'vitest'
import { readOpening } from '../../apps/tracker/src/store/deliver/alerts.js'
import { readLeaving } from '../../apps/tracker/src/store/deliver/commands.js'
import { OUTAGE_MS, outagesIn } from '../../apps/tracker/src/track/core/outages.js'
import { follow, type Follower } from '../support/follower.js'
import { clock, db, log, standOn } from '../support/ground.js'

const XML = `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:tm="urn:tidemark:bpmn:1" targetNamespace="urn:test"><process id="orders" tm:mode="manage" tm:grace="PT1S" tm:stuckAfter="PT1M">
  <startEvent id="start" name="placed"><messageEventDefinition/></startEvent><sequenceFlow id="f1" sourceRef="start" targetRef="pay"/>
  <task id="pay" name="paid"/><sequenceFlow id="f2" sourceRef="pay" targetRef="end"/><endEvent id="end"/>
  <boundaryEvent id="late" attachedToRef="pay" cancelActivity="false"><timerEventDefinition><timeDuration>PT2M</timeDuration></timerEventDefinition></boundaryEvent><sequenceFlow id="f3" sourceRef="late" targetRef="tell"/>
  <sendTask id="tell" tm:managed="true"><extensionElements><tm:command type="tell"/></extensionElements></sendTask><sequenceFlow id="f4" sourceRef="tell" targetRef="end2"/><endEvent id="end2"/></process></definitions>`
const MINUTE = 60_000
const START = Date.UTC(2026, 0, 5, 8)
const WAIT = 5 * MINUTE

let follower: Follower
standOn(START)
beforeEach(async () => {
  await log.append([{ kind: 'model', subject: 'model', payload: Buffer.from(JSON.stringify({ xml: XML, by: 'test' })) }])
  follower = await follow(db, log)
})

async function at(ms: number, ...events: readonly { type: string; at: number }[]): Promise<void> {
  clock.now = START + ms
  const drafts = events.map(({ type, at: time }): Draft => ({
    kind: 'event', subject: `event.${type}`, time: START + time, payload: Buffer.from(JSON.stringify({ specversion: '1.0', id: `${type} ${time}`, source: '/test', type, subject: 'A' })),
  }))
  await log.append(drafts.length > 0 ? drafts : [{ kind: 'clock', subject: 'clock', payload: new Uint8Array() }])
  await follower.settled()
}
const leaving = async () => (await readLeaving(db, follower.progress.clock, 10, WAIT)).map(({ element }) => element)
const opening = async () => (await readOpening(db, follower.progress.clock, 10, WAIT)).map(({ kind, element }) => `${kind} ${element}`)
const stuck = async () => (await db.query<{ stuck: boolean }>('select stuck from instance'))[0]?.stuck
/** As the house ticks while it is up. */
async function ticking(from: number, to: number): Promise<void> {
  for (let ms = from; ms <= to; ms += 10_000) await at(ms)
}

test('while the house is up, effects leave at their moment', async () => {
  await at(0, { type: 'placed', at: 0 })
  await ticking(10_000, 2 * MINUTE + 10_000)
  expect(await db.query('select * from outage')).toEqual([])
  expect(await leaving()).toEqual(['tell'])
  expect(await opening()).toEqual(['stuck pay'])
  await follower.stop()
})

test('what fell into a hole is shown at once, and leaves only after as long again', async () => {
  await at(0, { type: 'placed', at: 0 })
  await at(3 * MINUTE)
  expect(await stuck()).toBe(true)
  expect(await leaving()).toEqual([])
  expect(await opening()).toEqual([])
  await ticking(3 * MINUTE + 10_000, 6 * MINUTE - 10_000)
  expect([...(await leaving()), ...(await opening())]).toEqual([])
  await at(6 * MINUTE)
  expect(await leaving()).toEqual(['tell'])
  expect(await opening()).toEqual(['stuck pay'])
  await follower.stop()
})

test('after a long hole five minutes are enough', async () => {
  await at(0, { type: 'placed', at: 0 })
  await at(60 * MINUTE)
  await ticking(60 * MINUTE + 10_000, 65 * MINUTE - 10_000)
  expect(await leaving()).toEqual([])
  await at(65 * MINUTE)
  expect(await leaving()).toEqual(['tell'])
  await follower.stop()
})

test('what senders bring meanwhile takes them back: nothing ever leaves', async () => {
  await at(0, { type: 'placed', at: 0 })
  await at(3 * MINUTE)
  await at(3 * MINUTE + 5_000, { type: 'paid', at: 30_000 })
  await ticking(3 * MINUTE + 10_000, 7 * MINUTE)
  expect(await stuck()).toBe(false)
  expect([...(await leaving()), ...(await opening())]).toEqual([])
  expect(await db.query('select * from command')).toEqual([])
  await follower.stop()
})

test('a tracker that dies in between still knows of the hole', async () => {
  await at(0, { type: 'placed', at: 0 })
  await follower.stop()
  follower = await follow(db, log)
  await at(3 * MINUTE)
  await follower.stop()
  follower = await follow(db, log)
  await at(3 * MINUTE + 10_000)
  expect(await leaving()).toEqual([])
  await ticking(3 * MINUTE + 20_000, 6 * MINUTE)
  expect(await leaving()).toEqual(['tell'])
  await follower.stop()
})

test('a hole is longer than the house ever pauses', () => {
  const entries = [0, 10_000, 10_000 + OUTAGE_MS, 9_000, 40_000].map((ms) => ({ entry: { appendTime: START + ms } }))
  expect(outagesIn(0, entries, OUTAGE_MS)).toEqual([])
  expect(outagesIn(START - OUTAGE_MS - 1, entries, OUTAGE_MS)).toEqual([{ from: START - OUTAGE_MS - 1, to: START }])
  expect(outagesIn(START, [{ entry: { appendTime: START + 20_000 } }], OUTAGE_MS)).toEqual([{ from: START, to: START + 20_000 }])
})

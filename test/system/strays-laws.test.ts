/** What a decision keeps out, what people say and what suspends an instance: the same tables wherever the log is cut, and however often the tracker dies. */
import type { Draft } from '@tidemark/log'
import { expect, test } from 'vitest'
import type { OperationEntry } from '../../apps/tracker/src/store/entries.js'
import { identityInUnit } from '../../apps/tracker/src/store/identity.js'
import { admissionOf } from '../../libs/bpmn/src/testing/decisions.js'
import { randomOf } from '../../libs/bpmn/src/testing/walk.js'
import { foldAll, follow } from '../support/follower.js'
import { clock, db, expectRebuilds, log, standOn } from '../support/ground.js'

const START = Date.UTC(2026, 0, 5, 8)
const MINUTE = 60_000
const KEYS = 60
const LOOP = 'count(for a in xs return for b in xs return a) &gt; 1'
const XML = `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:tm="urn:tidemark:bpmn:1" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" targetNamespace="urn:test"><process id="orders" tm:grace="PT5M">
  <startEvent id="start" name="placed"><messageEventDefinition/></startEvent><task id="pay" name="paid"/><task id="ship" name="shipped"/><task id="skip" name="picked"/><endEvent id="end"/>
  <exclusiveGateway id="choice" default="toSkip"/>
  <sequenceFlow id="f1" sourceRef="start" targetRef="pay"/><sequenceFlow id="f2" sourceRef="pay" targetRef="choice"/>
  <sequenceFlow id="toShip" sourceRef="choice" targetRef="ship"><conditionExpression xsi:type="tFormalExpression">=${LOOP}</conditionExpression></sequenceFlow>
  <sequenceFlow id="toSkip" sourceRef="choice" targetRef="skip"/><sequenceFlow id="f3" sourceRef="ship" targetRef="end"/><sequenceFlow id="f4" sourceRef="skip" targetRef="end"/></process></definitions>`
const DECISION = admissionOf([['"paid"', '< 2', '"ignore"', '"few"'], ['"paid"', '-', '"create"', 'null'], ['-', '-', '"incident"', 'null']], ['type', 'count(waiting)'])

standOn(START)

/** Some keys begin late, some never, some with long lists; then people say what they know of some. */
async function record(): Promise<void> {
  const random = randomOf(7)
  await log.append([{ kind: 'model', subject: 'model', payload: Buffer.from(JSON.stringify({ xml: XML, decision: DECISION, by: 'test' })) }])
  const events: { at: number; time: number; key: string; type: string; data: object }[] = []
  for (let index = 0; index < KEYS; index++) {
    const [key, begins] = [`K${index}`, START + Math.floor(random() * 90) * MINUTE]
    const types = index % 5 === 0 ? ['placed', 'paid'] : index % 3 === 0 ? ['paid', 'shipped', 'paid', 'paid'] : ['placed', 'paid', 'shipped']
    types.forEach((type, step) => {
      const time = begins + step * 3 * MINUTE
      // What begins it comes last, now and then.
      const at = type === 'placed' && index % 2 === 0 ? time + Math.floor(random() * 40) * MINUTE : time
      events.push({ at, time, key, type, data: type === 'paid' && index % 5 === 0 ? { xs: Array.from({ length: 200 }, () => 1) } : { xs: [1, 2] } })
    })
  }
  events.sort((a, b) => a.at - b.at)
  for (const [index, { at, time, key, type, data }] of events.entries()) {
    clock.now = at
    await log.append([{ kind: 'event', subject: `event.${type}`, time, payload: Buffer.from(JSON.stringify({ specversion: '1.0', id: `${index}`, source: '/test', type, subject: key, data })) }])
    if (index % 11 === 10) await log.append([said(key, index)])
  }
  clock.now += 30 * MINUTE
  await log.append([{ kind: 'clock', subject: 'clock', payload: new Uint8Array() }])
}

function said(key: string, index: number): Draft {
  const about = { model: 'orders', key, instance: identityInUnit(['orders', key, '/test', String(index)]), by: 'ann' }
  const all: OperationEntry[] = [
    { op: 'acceptDeviation', ...about, kind: 'missingStart' }, { op: 'setAside', ...about, source: '/test', id: String(index) }, { op: 'assertStep', ...about, element: 'pay' },
    { op: 'moveTokens', ...about, elements: ['ship'] }, { op: 'endInstance', ...about },
  ]
  const operation = all[Math.floor(index / 11) % all.length] as OperationEntry
  return { kind: 'operation', subject: `operation.${operation.op}`, payload: Buffer.from(JSON.stringify(operation)) }
}

test('in batches of any size, with deaths in between', async () => {
  await record()
  await foldAll(db, log)
  const fates = await db.query<{ kind: string; count: string }>('select kind, count(*)::text as count from event_fate group by kind order by kind')
  expect(fates.map(({ kind }) => kind)).toEqual(['ignored', 'incident'])
  const kinds = async () => (await db.query<{ kind: string }>('select distinct a.kind from alert a join alert_member m on m.alert = a.id order by 1')).map(({ kind }) => kind)
  expect(await kinds()).toEqual(['deviation', 'incident', 'suspended'])
  await expectRebuilds([{ batch: 1, restartAfter: 25 }, { batch: 7, restartAfter: 3 }, { batch: 40 }])
}, 120_000)

test('an event over which a filter would run away is quarantined for that model, with the filter named', async () => {
  const mapping = `process: orders\nelements: { pay: { observe: [{ event: paid, filter: "count(for a in data.xs return for b in data.xs return a) > 1" }] } }`
  await log.append([{ kind: 'model', subject: 'model', payload: Buffer.from(JSON.stringify({ xml: XML, mapping, by: 'test' })) }])
  const event = (id: string, xs: readonly number[]): Draft => ({ kind: 'event', subject: 'event.paid', payload: Buffer.from(JSON.stringify({ specversion: '1.0', id, source: '/test', type: 'paid', subject: 'A', data: { xs } })) })
  await log.append([event('1', Array.from({ length: 3_000 }, (_, index) => index)), event('2', [1, 2])])
  const follower = await follow(db, log)
  await follower.settled()
  await follower.stop()
  expect(await db.query('select position::text, kind, reason from event_fate')).toMatchObject([{ position: '2', kind: 'quarantined', reason: expect.stringMatching(/^runawayExpression: the filter count\(/) }])
  expect(await db.query('select event_id from instance_event')).toEqual([{ event_id: '2' }])
})

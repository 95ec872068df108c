/** Items that overlap in one instance, from the event to the page: each has tokens, visits, deviations and waiting times of its own. */
import type { Instance } from '@tidemark/api'
import { MemoryLog } from '@tidemark/log'
import { afterEach, describe, expect, test } from 'vitest'
import { tidemark } from '../cli/run-command.js'
import { startApp } from '../support/app.js'
import { cloudEvent } from '../support/small-process.js'
import { TrackerApi } from '../support/tracker-api.js'

const open: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

const MAPPING = 'key: data.order\nelements: { parcel: { item: data.parcel }, send: { observe: send, stuckAfter: PT1M } }'
const ORDER = `<?xml version="1.0"?><definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="urn:test"><process id="order">
  <startEvent id="s" name="order.placed"><messageEventDefinition/></startEvent><subProcess id="parcel"><multiInstanceLoopCharacteristics/>
    <startEvent id="is"/><parallelGateway id="split"/><task id="pack"/><task id="label"/><parallelGateway id="join"/><task id="send"/><endEvent id="ie"/>
    <sequenceFlow id="g1" sourceRef="is" targetRef="split"/><sequenceFlow id="g2" sourceRef="split" targetRef="pack"/><sequenceFlow id="g3" sourceRef="split" targetRef="label"/>
    <sequenceFlow id="g4" sourceRef="pack" targetRef="join"/><sequenceFlow id="g5" sourceRef="label" targetRef="join"/><sequenceFlow id="g6" sourceRef="join" targetRef="send"/><sequenceFlow id="g7" sourceRef="send" targetRef="ie"/>
  </subProcess><task id="close" name="order.closed"/><endEvent id="e"/>
  <sequenceFlow id="f1" sourceRef="s" targetRef="parcel"/><sequenceFlow id="f2" sourceRef="parcel" targetRef="close"/><sequenceFlow id="f3" sourceRef="close" targetRef="e"/>
</process></definitions>`
const begun = Date.now() - 3_600_000
const at = (minute: number) => begun + minute * 60_000
const happened = (type: string, minute: number, parcel?: string, order = '1') => cloudEvent({ type, data: { order, ...(parcel === undefined ? {} : { parcel }) }, at: at(minute) })

test('are followed one by one, stuck one by one, and keep their place when an event comes late', async () => {
  const app = await startApp()
  open.push(() => app.stop())
  const api = new TrackerApi(app.url)
  expect((await api.deploy(ORDER, MAPPING)).findings).toEqual([])
  await api.send([happened('order.placed', 1), happened('pack', 2, 'a'), happened('label', 3, 'b'), happened('label', 4, 'a'), happened('pack', 5, 'c'), happened('label', 6, 'c')])
  await api.settled()
  const [order] = await api.instances('model=order')
  const tokens = async () => (await api.instance(order?.id ?? '')).tokens.map(({ element, item, stuck }) => `${element} ${item}${stuck ? ' stuck' : ''}`).sort()
  expect(await tokens()).toEqual(['join b', 'pack b', 'parcel a', 'parcel b', 'parcel c', 'send a stuck', 'send c stuck'])
  // Two items wait too long at one place: one cause, one alert.
  const alerts = async () => (await api.instance(order?.id ?? '')).alerts.map(({ kind, element }) => `${kind} ${element}`)
  await api.until('the alert is open', async () => (await alerts()).length > 0)
  expect(await alerts()).toEqual(['stuck send'])

  await api.send([happened('send', 7, 'a'), happened('pack', 1.5, 'b')])
  await api.settled()
  expect(await tokens()).toEqual(['parcel b', 'parcel c', 'send b stuck', 'send c stuck'])
  await api.send([happened('send', 8, 'b'), happened('order.closed', 9)])
  await api.settled()
  const closed = await api.instance(order?.id ?? '')
  expect(closed).toMatchObject({ status: 'completed', tokens: [] })
  expect(closed.deviationList.map(({ kind, element, item }) => `${kind} ${element} ${item}`)).toEqual(['skipped send c'])
  expect(closed.visits.filter(({ element }) => element === 'send').map(({ item }) => item).sort()).toEqual(['a', 'b'])
})

describe('what is known of one item only', () => {
  const placesOf = ({ tokens }: Instance) => tokens.map(({ element, item }) => `${element} ${item}`).sort()
  const deviationsOf = ({ deviationList }: Instance) => deviationList.map(({ kind, element, item, accepted }) => `${kind} ${element} ${item}${accepted ? ' accepted' : ''}`)

  test('is shown, corrected, and found again by a tracker that reads the log from its beginning', async () => {
    const log = new MemoryLog()
    const app = await startApp({}, { log })
    open.push(() => app.stop())
    const api = new TrackerApi(app.url)
    await api.deploy(ORDER, MAPPING)
    await api.send([
      happened('order.placed', 1), happened('pack', 2, 'a'), happened('pack', 3, 'b'),
      happened('order.placed', 1, undefined, '2'), happened('pack', 2, 'd', '2'), happened('pack', 3, 'e', '2'), happened('send', 4, 'd', '2'), happened('send', 4, 'e', '2'),
    ])
    await api.settled()
    const idOf = async (key: string) => (await api.instances(`key=${key}`))[0]?.id ?? ''
    const [one, two] = [await idOf('1'), await idOf('2')]
    const say = async (id: string, correction: object) => {
      const answer = await fetch(`${app.url}/api/v1/instances/${id}/corrections`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(correction) })
      return { status: answer.status, body: (await answer.json()) as Instance & { detail?: string } }
    }

    // One deviation each, and one instance of the list.
    expect(deviationsOf(await api.instance(two))).toEqual(['skipped label d', 'skipped label e'])
    expect(deviationsOf(await api.get<Instance>(`/instances/${two}?at=${new Date(at(30)).toISOString()}`))).toEqual(['skipped label d', 'skipped label e'])
    expect((await api.instances('deviation=skipped')).map(({ key, deviations }) => [key, deviations])).toEqual([['2', 2]])
    expect(deviationsOf((await say(two, { what: 'accept', kind: 'skipped', element: 'label' })).body)).toEqual(['skipped label d accepted', 'skipped label e accepted'])

    expect(placesOf(await api.instance(one))).toEqual(['join a', 'join b', 'label a', 'label b', 'parcel a', 'parcel b'])
    expect((await api.instance(one)).expected.filter(({ element }) => element === 'label')).toMatchObject([{ items: ['a', 'b'] }])
    for (const [correction, status, detail] of [
      [{ what: 'done', element: 'label' }, 422, 'Several items are at work at label: say which one is meant of a, b.'],
      [{ what: 'done', element: 'label', item: 'z' }, 422, 'Item z is not at work at label: at work is a, b.'],
      [{ what: 'done', element: 'label', item: 'b', at: new Date(at(2.5)).toISOString() }, 422, 'Item b is not at work at label: at work is a.'],
      [{ what: 'done', element: 'label', at: new Date(at(1.5)).toISOString() }, 422, 'No item is at work at label'],
      [{ what: 'done', element: 'close', item: 'a' }, 422, 'close: what is said there is said of the whole instance'],
      [{ what: 'move', elements: ['label', 'close'] }, 422, 'label, close do not lie in one item'],
      [{ what: 'done', element: 'label', item: '' }, 400, 'item'], [{ what: 'end', item: 'a' }, 400, 'item'],
    ] as const) {
      const answer = await say(one, correction)
      expect([answer.status, answer.body.detail]).toEqual([status, expect.stringContaining(detail)])
    }
    const done = await say(one, { what: 'done', element: 'label', item: 'b', at: new Date(at(4)).toISOString(), by: 'ann' })
    expect(done.status).toBe(200)
    expect(placesOf(done.body)).toEqual(['join a', 'label a', 'parcel a', 'parcel b', 'send b'])
    expect(done.body.events.at(-1)?.text).toBe('ann said that “label” of b was done.')

    expect(await tidemark('correct', one, 'end', '--item', 'a', '--url', app.url)).toMatchObject({ code: 2, stderr: expect.stringContaining('--item goes with done and move') })
    const moved = await tidemark('correct', one, 'move', '--element', 'send', '--item', 'a', '--at', new Date(at(5)).toISOString(), '--url', app.url)
    expect(moved).toMatchObject({ code: 0, stdout: expect.stringContaining('send a') })
    expect(placesOf(await api.instance(one))).toEqual(['parcel a', 'parcel b', 'send a', 'send b'])
    await api.send([happened('send', 6, 'a'), happened('send', 7, 'b'), happened('order.closed', 8)])
    await api.settled()
    expect(await api.instance(one)).toMatchObject({ status: 'completed', deviationList: [] })
    expect((await say(one, { what: 'move', elements: ['label'], item: 'a' })).body.detail).toContain('No item is at work at label')

    const again = await startApp({}, { log })
    open.push(() => again.stop())
    const other = new TrackerApi(again.url)
    await other.settled()
    for (const id of [one, two]) {
      const [before, after] = [await api.instance(id), await other.instance(id)]
      expect([after.status, placesOf(after), deviationsOf(after)]).toEqual([before.status, placesOf(before), deviationsOf(before)])
    }
  }, 120_000)
})

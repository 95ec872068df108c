/** Items that overlap in one instance, from the event to the page: each has tokens, visits and waiting times of its own. */
import { afterEach, expect, test } from 'vitest'
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
const happened = (type: string, minute: number, parcel?: string) => cloudEvent({ type, data: { order: '1', ...(parcel === undefined ? {} : { parcel }) }, at: begun + minute * 60_000 })

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
  expect((await api.instance(order?.id ?? '')).alerts.map(({ kind, element }) => `${kind} ${element}`)).toEqual(['stuck send'])

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

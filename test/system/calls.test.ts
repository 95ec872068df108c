/** A process that calls another: each is a model with its own instances, of one key, which know each other. */
import { afterEach, expect, test } from 'vitest'
import { startApp } from '../support/app.js'
import { cloudEvent, xmlOf } from '../support/small-process.js'
import { TrackerApi } from '../support/tracker-api.js'

const open: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

const BY_ORDER = 'key: data.order'
const SHIPPING = xmlOf({ id: 'shipping', steps: ['parcel.announced', 'parcel.packed', 'parcel.shipped'] })
const ORDER = `<?xml version="1.0"?><definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="urn:test"><process id="order">
  <startEvent id="s" name="order.placed"><messageEventDefinition/></startEvent><callActivity id="CallActivity_1" calledElement="shipping"/>
  <task id="close" name="order.closed"/><endEvent id="e"/>
  <sequenceFlow id="f1" sourceRef="s" targetRef="CallActivity_1"/><sequenceFlow id="f2" sourceRef="CallActivity_1" targetRef="close"/><sequenceFlow id="f3" sourceRef="close" targetRef="e"/>
</process></definitions>`
const begun = Date.now() - 3_600_000
const happened = (type: string, minute: number, order = '1') => cloudEvent({ type, data: { order }, at: begun + minute * 60_000 })

async function started(): Promise<TrackerApi> {
  const app = await startApp()
  open.push(() => app.stop())
  return new TrackerApi(app.url)
}

test('a call waits until the called instance has ended, and each shows the other', async () => {
  const api = await started()
  const deployed = await api.deploy(ORDER, BY_ORDER)
  expect(deployed.findings.map(({ code, severity }) => `${severity} ${code}`)).toContain('info opaqueCall')
  await api.deploy(SHIPPING, BY_ORDER)
  await api.send([happened('order.placed', 1), happened('parcel.announced', 2), happened('parcel.packed', 3)])
  await api.settled()
  const [order] = await api.instances('model=order')
  const [shipping] = await api.instances('model=shipping')
  expect(order?.tokens.map(({ element }) => element)).toEqual(['CallActivity_1'])
  expect((await api.instance(order?.id ?? '')).calls).toEqual([{ element: 'CallActivity_1', name: 'CallActivity_1', model: 'shipping', instance: shipping?.id, key: '1', status: 'active' }])
  expect((await api.instance(shipping?.id ?? '')).calledBy).toEqual([{ element: 'CallActivity_1', name: 'CallActivity_1', model: 'order', instance: order?.id, key: '1', status: 'active' }])

  await api.send([happened('parcel.shipped', 4)])
  await api.settled()
  expect((await api.instances('model=order'))[0]?.tokens.map(({ element }) => element)).toEqual(['close'])
  await api.send([happened('order.closed', 5)])
  await api.settled()
  expect((await api.instances('model=order'))[0]).toMatchObject({ status: 'completed', deviations: 0 })
})

test('a call is passed as long as nobody follows what it calls; a model that comes later counts for what comes after it', async () => {
  const api = await started()
  await api.deploy(ORDER, BY_ORDER)
  await api.send([happened('order.placed', 1), happened('parcel.announced', 2)])
  await api.settled()
  expect((await api.instances('model=order'))[0]?.tokens.map(({ element }) => element)).toEqual(['close'])
  await api.deploy(SHIPPING, BY_ORDER)
  await api.send([happened('order.placed', 1, '2')])
  await api.settled()
  expect((await api.instances('model=order&key=2'))[0]?.tokens.map(({ element }) => element)).toEqual(['CallActivity_1'])
  // Folded again, because an event comes late: what was passed before stays passed.
  await api.send([happened('parcel.packed', 0)])
  await api.settled()
  expect((await api.instances('model=order&key=1'))[0]?.tokens.map(({ element }) => element)).toEqual(['close'])
})

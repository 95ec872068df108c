/** Two pools of one file: each is a model with its own instances, and a message that one has sent is seen to be on its way to the other. */
import { afterEach, expect, test } from 'vitest'
import { startApp } from '../support/app.js'
import { cloudEvent } from '../support/small-process.js'
import { TrackerApi } from '../support/tracker-api.js'

const open: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

const POOLS = `<?xml version="1.0"?><definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="urn:test">
  <collaboration id="c"><participant id="p1" processRef="customer"/><participant id="p2" processRef="shop"/>
    <messageFlow id="m" name="the order" sourceRef="send" targetRef="placed"/></collaboration>
  <process id="customer"><startEvent id="s" name="cart.filled"><messageEventDefinition/></startEvent><sendTask id="send" name="order.sent"/><endEvent id="e"/>
    <sequenceFlow id="f1" sourceRef="s" targetRef="send"/><sequenceFlow id="f2" sourceRef="send" targetRef="e"/></process>
  <process id="shop"><startEvent id="placed" name="order.placed"><messageEventDefinition/></startEvent><task id="pack" name="order.packed"/><endEvent id="e2"/>
    <sequenceFlow id="f3" sourceRef="placed" targetRef="pack"/><sequenceFlow id="f4" sourceRef="pack" targetRef="e2"/></process>
</definitions>`
const begun = Date.now() - 3_600_000
const happened = (type: string, minute: number) => cloudEvent({ type, data: { order: '1' }, at: begun + minute * 60_000 })

test('a message is on its way until the other pool has received it', async () => {
  const app = await startApp()
  open.push(() => app.stop())
  const api = new TrackerApi(app.url)
  await api.deploy(POOLS, 'key: data.order\nelements: {}')
  await api.send([happened('cart.filled', 1), happened('order.sent', 2)])
  await api.settled()
  const [customer] = await api.instances('model=customer')
  expect(await api.instances('model=shop')).toEqual([])
  expect((await api.instance(customer?.id ?? '')).messages).toEqual([{
    flow: 'm', name: 'the order', direction: 'out', element: 'send', elementName: 'order.sent', otherModel: 'shop', otherElement: 'placed', otherName: 'order.placed',
    since: new Date(begun + 120_000).toISOString(), late: false,
  }])

  await api.send([happened('order.placed', 3)])
  await api.settled()
  expect((await api.instance(customer?.id ?? '')).messages).toEqual([])
  const [shop] = await api.instances('model=shop')
  expect(shop?.tokens.map(({ element }) => element)).toEqual(['pack'])
  expect((await api.instance(shop?.id ?? '')).messages).toEqual([])
  expect(shop?.deviations).toBe(0)
})

import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startApp } from '../support/app.js'
import type { TestApp } from '../support/app.js'
import { openReceiver } from '../support/receiver.js'
import type { Receiver } from '../support/receiver.js'

/** A claim is opened, Tidemark tells the service to close it, and then it is paid, which should take no longer than a second. */
const claim = (mode: string) => `<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:tm="urn:tidemark:bpmn:1" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" targetNamespace="t">
  <process id="claim-${mode}" name="Claim" isExecutable="true" tm:mode="${mode}" tm:grace="PT0S" tm:maxGrace="PT0S">
    <startEvent id="opened" name="${mode}.opened"><outgoing>a</outgoing><messageEventDefinition /></startEvent>
    <sequenceFlow id="a" sourceRef="opened" targetRef="close" />
    <sendTask id="close" name="Close the claim" tm:managed="true">
      <extensionElements><tm:command type="claim.close" target="claims" data="= { claimId: key }" /></extensionElements>
      <incoming>a</incoming><outgoing>b</outgoing>
    </sendTask>
    <sequenceFlow id="b" sourceRef="close" targetRef="pay" />
    <task id="pay" name="claim.paid" tm:stuckAfter="PT1S"><incoming>b</incoming><outgoing>c</outgoing></task>
    <sequenceFlow id="c" sourceRef="pay" targetRef="done" />
    <endEvent id="done"><incoming>c</incoming></endEvent>
  </process>
</definitions>`

const secret = `whsec_${Buffer.from('a secret that nobody guesses').toString('base64')}`
let app: TestApp
let service: Receiver
let pager: Receiver
beforeAll(async () => {
  service = await openReceiver()
  pager = await openReceiver()
  app = await startApp({ commandUrls: { claims: `${service.url}/commands` }, webhookUrls: [`${pager.url}/alerts`], signingSecret: secret, shards: 2 })
})
afterAll(async () => {
  await app.stop()
  await service.close()
  await pager.close()
})

const get = async (path: string) => (await fetch(`${app.url}/api/v1${path}`)).json()
const post = async (path: string, type: string, body: string) => {
  const answer = await fetch(`${app.url}/api/v1${path}`, { method: 'POST', headers: { 'content-type': type }, body })
  return { status: answer.status, body: await answer.json() }
}
const emit = (id: string, type: string, subject: string) =>
  post('/events', 'application/cloudevents+json', JSON.stringify({ specversion: '1.0', id, source: '/claims', type, subject }))

describe('through the real tracker', () => {
  it('a managed step sends its command once, signed, and shows that it was delivered', async () => {
    expect(await post('/models', 'application/xml', claim('manage'))).toMatchObject({ status: 201, body: { id: 'claim-manage', version: 1 } })
    await emit('1', 'manage.opened', 'C-1')
    await expect.poll(async () => (await get('/commands?model=claim-manage')).items, { timeout: 20_000 }).toMatchObject([
      { status: 'delivered', type: 'claim.close', key: 'C-1', elementName: 'Close the claim', attempts: 1 },
    ])
    expect(service.received).toHaveLength(1)
    const [request] = service.received
    expect(new Webhook(secret).verify(request!.body, request!.headers as never)).toMatchObject({ type: 'claim.close', subject: 'C-1', data: { claimId: 'C-1' } })
  })

  it('an instance that waits too long raises an alert that the webhook hears, and its end is heard too', async () => {
    await expect.poll(async () => (await get('/alerts?status=open')).items, { timeout: 20_000 }).toMatchObject([{ kind: 'stuck', model: 'claim-manage', count: 1 }])
    await expect.poll(() => pager.received.length, { timeout: 20_000 }).toBe(1)
    expect(JSON.parse(pager.received[0]!.body)).toMatchObject({ status: 'firing', groupLabels: { alertname: 'stuck', element: 'pay' } })
    await emit('2', 'claim.paid', 'C-1')
    await expect.poll(() => pager.received.length, { timeout: 20_000 }).toBe(2)
    expect(JSON.parse(pager.received[1]!.body)).toMatchObject({ status: 'resolved' })
    expect(await get('/alerts?status=resolved')).toMatchObject({ items: [{ resolvedBy: 'tidemark', count: 0 }] })
  })

  it('a suggested command waits for a person, and leaves when one approves it', async () => {
    await post('/models', 'application/xml', claim('suggest'))
    await emit('3', 'suggest.opened', 'C-2')
    const proposed = async () => (await get('/commands?model=claim-suggest')).items
    await expect.poll(proposed, { timeout: 20_000 }).toMatchObject([{ status: 'proposed' }])
    const [{ id }] = await proposed()
    expect(await post(`/commands/${id}/approve`, 'application/json', '{"by":"ann"}')).toMatchObject({ status: 200 })
    await expect.poll(proposed, { timeout: 20_000 }).toMatchObject([{ id, status: 'delivered' }])
    expect(await post(`/commands/${id}/approve`, 'application/json', '{}')).toMatchObject({ status: 409 })
    expect(service.received.map(({ headers }) => headers['webhook-id'])).toContain(id)
  })

  it('a command whose service is gone is dead, and says why', async () => {
    service.behave(410)
    await emit('4', 'manage.opened', 'C-3')
    const command = async () => (await get('/commands?model=claim-manage')).items.find(({ key }: { key: string }) => key === 'C-3')
    await expect.poll(async () => (await command())?.status, { timeout: 20_000 }).toBe('dead')
    expect(await command()).toMatchObject({ error: expect.stringContaining('410') })
  })

  it('a dead command raises an alert, and is sent again under the same key when a person asks for it', async () => {
    const alert = async () => (await get('/alerts?kind=commandFailed')).items[0]
    await expect.poll(async () => (await alert())?.status, { timeout: 20_000 }).toBe('open')
    expect(await alert()).toMatchObject({ title: '“Close the claim” could not be delivered', severity: 'critical', count: 1 })
    const [dead] = (await get('/commands?status=dead')).items
    service.behave(200)
    expect(await post(`/commands/${dead.id}/retry`, 'application/json', '{"by":"ada"}')).toMatchObject({ status: 200 })
    await expect.poll(async () => (await get('/commands?model=claim-manage')).items.find(({ id }: { id: string }) => id === dead.id)?.status, { timeout: 20_000 }).toBe('delivered')
    expect(service.received.filter(({ headers }) => headers['webhook-id'] === dead.id).length).toBeGreaterThanOrEqual(2)
    await expect.poll(async () => (await alert())?.status, { timeout: 20_000 }).toBe('resolved')
  })

  it('a rebuild sends nothing again of all this, and what comes after it leaves as ever', async () => {
    const [commands, messages] = [service.received.length, new Set(pager.received.map(({ headers }) => headers['webhook-id']))]
    const heard = pager.received.length
    expect(await get('/rebuild')).toMatchObject({ status: 404, code: 'rebuildNotFound' })
    expect(await post('/rebuild/cancel', 'application/json', '{}')).toMatchObject({ status: 409, body: { code: 'rebuildStatus' } })
    expect(await post('/rebuild', 'application/json', '{}')).toMatchObject({ status: 202, body: { status: 'asked' } })
    expect(await post('/rebuild', 'application/json', '{}')).toMatchObject({ status: 409, body: { code: 'rebuildStatus' } })
    await expect.poll(async () => (await get('/rebuild')).status, { timeout: 60_000 }).toBe('done')
    await emit('after a rebuild', 'manage.opened', 'C-99')
    await expect.poll(() => service.received.length, { timeout: 20_000 }).toBe(commands + 1)
    expect(JSON.parse(service.received.at(-1)!.body)).toMatchObject({ subject: 'C-99' })
    // Others may have become stuck meanwhile.
    expect(pager.received.slice(heard).filter(({ headers }) => messages.has(headers['webhook-id']))).toEqual([])
    expect(messages.size).toBeGreaterThan(1)
  }, 90_000)
})

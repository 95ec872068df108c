import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ServeModule } from '../../apps/tracker/src/serve/serve.module.js'
import { NOON, openServingHouse } from '../support/house.js'
import type { RunningHouse } from '../support/house.js'
import { insert, modelRow, tokenRow } from '../support/seed.js'

const drawn = `<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="t">
  <process id="claim" name="Claim" isExecutable="true">
    <startEvent id="s"><outgoing>a</outgoing></startEvent>
    <sequenceFlow id="a" sourceRef="s" targetRef="t" />
    <task id="t" name="claim.checked"><incoming>a</incoming><outgoing>b</outgoing></task>
    <sequenceFlow id="b" sourceRef="t" targetRef="e" />
    <endEvent id="e"><incoming>b</incoming></endEvent>
  </process>
</definitions>`

let house: RunningHouse
beforeAll(async () => {
  house = await openServingHouse([ServeModule])
  await insert(house.db, 'shard', [0, 1].map((id) => ({ id, epoch: 0, position: 0, clock: 0, log_identity: house.log.identity, checksum: '' })))
  await insert(house.db, 'model_version', [modelRow({ deployed_at: NOON - 2_000 }), modelRow({ version: 2, deployed_at: NOON - 1_000 })])
  await insert(house.db, 'model_version', [modelRow({ model: 'zeta', name: 'Zeta' })])
})
afterAll(() => house.close())

const get = async (path: string) => (await fetch(`${house.url}/api/v1${path}`)).json()
const post = (path: string, type: string, body: BodyInit) => fetch(`${house.url}/api/v1${path}`, { method: 'POST', headers: { 'content-type': type }, body })

/** Stands in for the tracker: folds the entry by writing its version. */
async function foldModel(model: string, version: number): Promise<void> {
  const { last } = house.log.stats()
  const [entry] = await house.log.lookup([last])
  const { xml } = JSON.parse(Buffer.from(entry!.payload).toString()) as { xml: string }
  await insert(house.db, 'model_version', [modelRow({ model, version, xml, deployed_position: String(last) })])
  house.fold({ models: [model] })
}

describe('the models', () => {
  it('are listed by id with all their versions and the sums of their counters', async () => {
    const counts = { model: 'order', version: 2, completed: 0, terminated: 0, late: 0, deviating: 0, last_event_at: NOON }
    await insert(house.db, 'model_count', [{ ...counts, shard: 0, active: 3, stuck: 1 }, { ...counts, shard: 1, active: 4, stuck: 0 }])
    const { items } = await get('/models')
    expect(items).toMatchObject([
      { id: 'order', version: 2, versions: [{ version: 1 }, { version: 2, deployedAt: '2026-03-01T11:59:59.000Z' }], active: 7, stuck: 1, lastEventAt: '2026-03-01T12:00:00.000Z' },
      { id: 'zeta', active: 0 },
    ])
  })

  it('are paged by model, not by version', async () => {
    const first = await get('/models?limit=1')
    expect(first.items).toMatchObject([{ id: 'order', versions: [{}, {}] }])
    expect(await get(`/models?limit=1&cursor=${first.nextCursor}`)).toMatchObject({ items: [{ id: 'zeta' }] })
  })

  it('are found by id, and what is not there says where the list is', async () => {
    expect(await get('/models/order')).toMatchObject({ id: 'order', name: 'Order', mode: 'suggest' })
    expect(await get('/models/nothing')).toMatchObject({ status: 404, code: 'modelNotFound', detail: expect.stringContaining('/api/v1/models') })
  })

  it('give their file as a download that no browser renders', async () => {
    const answer = await fetch(`${house.url}/api/v1/models/order/versions/1/xml`)
    expect([answer.headers.get('content-type'), answer.headers.get('content-disposition')]).toEqual(['application/xml; charset=utf-8', expect.stringContaining('attachment')])
    expect(await answer.text()).toBe('<definitions/>')
  })

  it('refuse a parameter that means nothing here', async () => {
    expect(await get('/models?limt=1')).toMatchObject({ status: 400, code: 'invalidRequest' })
    expect(await get('/models?cursor=abc')).toMatchObject({ status: 400, code: 'invalidCursor' })
  })
})

describe('the flow', () => {
  it('sums the counters, and names every element of the model', async () => {
    const zero = { shard: 0, model: 'order', version: 1, tokens: 0, stuck: 0, late: 0, deviating: 0, visits: 0 }
    await insert(house.db, 'element_count', [{ ...zero, element: 'pay', tokens: 2, stuck: 1, visits: 5 }, { ...zero, shard: 1, element: 'pay', tokens: 1, visits: 2 }])
    await insert(house.db, 'flow_count', [{ shard: 0, model: 'order', version: 1, flow: 'f1', count: 5 }, { shard: 1, model: 'order', version: 1, flow: 'f1', count: 2 }])
    await insert(house.db, 'token', [tokenRow('A', 'pay', NOON - 60_000), tokenRow('B', 'pay', NOON - 20_000), tokenRow('C', 'pay', NOON - 10_000)])
    const flow = await get('/models/order/flow?version=1')
    expect(flow).not.toHaveProperty('code')
    expect(flow.elements.map((element: { element: string }) => element.element)).toEqual(['placed', 'pay', 'ship', 'done'])
    expect(flow.elements[1]).toMatchObject({ name: 'Retrieve payment', kind: 'task', tokens: 3, stuck: 1, visits: 7, waitMaxMs: 60_000, waitP50Ms: 20_000, waitP95Ms: 60_000 })
    expect(flow.flows).toEqual([{ flow: 'f1', count: 7 }])
    expect(flow.at).toBe('2026-03-01T12:00:00.000Z')
  })

  it('gives durations from buckets, within a bucket of the truth', async () => {
    const stays = { shard: 0, model: 'order', version: 1, element: 'ship' }
    const bucket = (ms: number) => Math.floor(4 * Math.log2(ms))
    await insert(house.db, 'element_duration', [{ ...stays, bucket: bucket(1_000), count: 90 }, { ...stays, bucket: bucket(60_000), count: 10 }])
    const ship = (await get('/models/order/flow?version=1')).elements[2]
    expect(ship.durationP50Ms / 1_000).toBeCloseTo(1, 0)
    expect(ship.durationP95Ms / 60_000).toBeCloseTo(1, 0)
  })

  it('is of the newest version unless one is asked for', async () => {
    expect(await get('/models/order/flow')).toMatchObject({ version: 2, active: 7 })
    expect(await get('/models/order/flow?version=9')).toMatchObject({ status: 404 })
  })
})

describe('deploying a model', () => {
  it('appends the file, waits until it is folded, and answers its version', async () => {
    const answering = post('/models', 'application/xml', drawn)
    await expect.poll(() => house.log.stats().last).toBeGreaterThan(0n)
    await foldModel('claim', 1)
    const answer = await answering
    expect([answer.status, answer.headers.get('location')]).toEqual([201, '/api/v1/models/claim'])
    expect(await answer.json()).toMatchObject({ id: 'claim', version: 1, models: [{ id: 'claim', version: 1, name: 'Claim' }] })
  })

  it('of the same file again changes nothing', async () => {
    const before = house.log.stats().last
    const answer = await post('/models', 'application/xml', drawn)
    expect([answer.status, house.log.stats().last]).toEqual([200, before])
    expect(await answer.json()).toMatchObject({ id: 'claim', version: 1 })
  })

  it('as a trial says which version it would be and leaves no entry', async () => {
    const before = house.log.stats().last
    const answer = await post('/models?dryRun=true', 'application/json', JSON.stringify({ xml: drawn.replace('Claim', 'Claim 2') }))
    expect([answer.status, house.log.stats().last]).toEqual([200, before])
    expect(await answer.json()).toMatchObject({ id: 'claim', version: 2, dryRun: true })
  })

  it('takes a form with a file and a mapping', async () => {
    const form = new FormData()
    form.set('model', new Blob([drawn]), 'claim.bpmn')
    form.set('mapping', 'grace: PT1M')
    const answer = await fetch(`${house.url}/api/v1/models?dryRun=true`, { method: 'POST', body: form })
    expect([answer.status, await answer.json()]).toMatchObject([200, { id: 'claim', version: 2 }])
  })

  it.each([['no XML at all', 'hello'], ['a cut file', drawn.slice(0, 300)], ['another format', '<a/>']])('of %s is refused with findings', async (_what, file) => {
    const answer = await post('/models', 'application/xml', file)
    expect([answer.status, answer.headers.get('content-type')]).toMatchObject([422, expect.stringContaining('application/problem+json')])
    expect(await answer.json()).toMatchObject({ code: 'modelRefused', findings: [{ severity: 'error' }] })
  })

  it.each([['multipart/form-data; boundary=x', 'no form'], ['application/json', '{}'], ['application/xml', '']])('of a %s body that is none is a clear 400', async (type, body) => {
    const answer = await post('/models', type, body)
    expect(answer.status).toBe(400)
  })

  it('on a log that was trimmed says so of a model that is new, and of no other', async () => {
    const findings = async (xml: string) => ((await (await post('/models?dryRun=true', 'application/json', JSON.stringify({ xml }))).json()) as { findings: unknown[] }).findings
    const fresh = drawn.replace('id="claim"', 'id="other"')
    expect(await findings(fresh)).toEqual([])
    await house.log.append([{ kind: 'clock', subject: 'clock', payload: new Uint8Array() }])
    await house.log.trim(house.log.stats().last, { force: true })
    expect(await findings(fresh)).toMatchObject([{ code: 'beginningTrimmed', severity: 'info', message: expect.stringContaining('other will know nothing of events from before') }])
    expect(await findings(drawn.replace('Claim', 'Claim 2'))).toEqual([])
  })
})

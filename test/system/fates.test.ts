import type { Fate, InstanceSummary } from '@tidemark/api'
import { MemoryLog } from '@tidemark/log'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Following } from '../../apps/tracker/src/track/following.js'
import { startApp, type TestApp } from '../support/app.js'
import { BY_ORDER, cloudEvent, xmlOf } from '../support/small-process.js'
import { TrackerApi } from '../support/tracker-api.js'

let app: TestApp
let api: TrackerApi
beforeAll(async () => {
  app = await startApp({}, { log: new MemoryLog() })
  api = new TrackerApi(app.url)
  await api.deploy(xmlOf({ id: 'parcels', steps: ['placed', 'dispatched', 'delivered'] }), BY_ORDER)
})
afterAll(() => app.stop())

/** Sends one event and waits until it is folded; answers its position. */
async function send(event: object): Promise<string> {
  const { position } = await api.send([event])
  await api.settled()
  return position
}
const fatesAt = async (position: string): Promise<Fate[]> => (await api.event(position)).fates
const instanceOf = async (key: string): Promise<InstanceSummary> => (await api.instances(`key=${key}`))[0]!

describe('an event', () => {
  test('is tracked, with its place', async () => {
    const position = await send(cloudEvent({ type: 'placed', data: { order: 'A' } }))
    expect(await fatesAt(position)).toMatchObject([{ kind: 'tracked', model: 'parcels', version: 1, element: 'e0', instance: (await instanceOf('A')).id }])
  })

  test('whose key nobody knows waits, and is tracked when another one links it', async () => {
    await send(cloudEvent({ type: 'placed', data: { order: 'B' }, at: Date.UTC(2026, 0, 1, 10) }))
    const delivered = await send(cloudEvent({ type: 'delivered', data: { parcel: 'P-B' }, at: Date.UTC(2026, 0, 1, 12) }))
    expect(await fatesAt(delivered)).toMatchObject([{ kind: 'waiting', model: 'parcels', reason: expect.stringContaining('parcel P-B') }])
    await send(cloudEvent({ type: 'dispatched', data: { order: 'B', parcel: 'P-B' }, at: Date.UTC(2026, 0, 1, 11) }))
    expect(await fatesAt(delivered)).toMatchObject([{ kind: 'tracked', element: 'e2', instance: (await instanceOf('B')).id }])
    expect(await instanceOf('B')).toMatchObject({ status: 'completed', deviations: 0 })
  })

  test('finds its instance by an alias, and the instance is found by it', async () => {
    await send(cloudEvent({ type: 'placed', data: { order: 'C' } }))
    await send(cloudEvent({ type: 'dispatched', data: { order: 'C', parcel: 'P-C' } }))
    const position = await send(cloudEvent({ type: 'delivered', data: { parcel: 'P-C' } }))
    expect(await fatesAt(position)).toMatchObject([{ kind: 'tracked', instance: (await instanceOf('C')).id }])
    expect(await instanceOf('P-C')).toMatchObject({ key: 'C', status: 'completed' })
  })

  test('that says the same again in other bytes is a duplicate; one that says something else under the same id is quarantined', async () => {
    const event = cloudEvent({ type: 'placed', data: { order: 'D' } })
    await send(event)
    const again = await fetch(`${app.url}/api/v1/events`, { method: 'POST', headers: { 'content-type': 'application/cloudevents+json' }, body: JSON.stringify(event, null, 2) })
    const { position } = (await again.json()) as { position: string }
    await api.settled()
    expect(await fatesAt(position)).toMatchObject([{ kind: 'duplicate', model: 'parcels' }])
    expect(await fatesAt(await send({ ...event, data: { order: 'D', amount: 2 } }))).toMatchObject([{ kind: 'quarantined', reason: expect.stringContaining('idReused') }])
    expect((await api.instance((await instanceOf('D')).id)).events).toHaveLength(1)
  })

  test('that no model binds is unmatched, one without any key is ignored', async () => {
    expect(await fatesAt(await send(cloudEvent({ type: 'weather.changed', data: {} })))).toMatchObject([{ kind: 'unmatched' }])
    expect(await fatesAt(await send(cloudEvent({ type: 'placed', data: {} })))).toMatchObject([{ kind: 'ignored', model: 'parcels', reason: expect.stringContaining('no key') }])
  })

  test('in two models has a fate in each', async () => {
    await api.deploy(xmlOf({ id: 'deliveries', steps: ['dispatched', 'delivered'] }), 'key: data.parcel')
    await send(cloudEvent({ type: 'placed', data: { order: 'E' } }))
    await send(cloudEvent({ type: 'dispatched', data: { order: 'E', parcel: 'P-E' } }))
    const position = await send(cloudEvent({ type: 'delivered', data: { parcel: 'P-E' } }))
    expect((await fatesAt(position)).map(({ kind, model }) => `${kind} in ${model}`).sort()).toEqual(['tracked in deliveries', 'tracked in parcels'])
  })

  test('is pending while the tracker has not come to it', async () => {
    await app.app.get(Following).stop()
    const { position } = await api.send([cloudEvent({ type: 'placed', data: { order: 'F' } })])
    expect(await fatesAt(position)).toMatchObject([{ kind: 'pending' }])
  })
})

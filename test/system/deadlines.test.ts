/** Time in earnest: the machine's own clock, short durations. */
import type { InstanceSummary } from '@tidemark/api'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startApp, type TestApp } from '../support/app.js'
import { BY_ORDER, cloudEvent, xmlOf } from '../support/small-process.js'
import { TrackerApi } from '../support/tracker-api.js'

const STUCK_AFTER_MS = 1_000
const GRACE_MS = 500
/** Said in the design: within a second of due + grace. */
const PROMISED_MS = 1_000
const LOOK_MS = 20
const PATIENCE_MS = 25_000

let app: TestApp
let api: TrackerApi
beforeAll(async () => {
  app = await startApp()
  api = new TrackerApi(app.url)
  await api.deploy(xmlOf({ id: 'hurried', steps: ['placed', 'paid', 'shipped'] }), `${BY_ORDER}\nstuckAfter: PT1S\ngrace: PT0.5S\nmaxGrace: PT2S`)
})
afterAll(() => app.stop())

interface Seen {
  readonly atMs: number
  /** The longest that a look took, with the pause before it: how well this machine can see. */
  readonly blindMs: number
}

/** Looks as often as it can. */
async function whenSeen(key: string, isSo: (instance: InstanceSummary | undefined) => boolean): Promise<Seen> {
  const end = Date.now() + PATIENCE_MS
  for (let blindMs = 0, last = Date.now(); ;) {
    const [instance] = await api.instances(`key=${key}`)
    const atMs = Date.now()
    blindMs = Math.max(blindMs, atMs - last)
    last = atMs
    if (isSo(instance)) return { atMs, blindMs }
    if (atMs > end) throw new Error(`${key} is ${JSON.stringify(instance)} after ${PATIENCE_MS} ms`)
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
}

test('what waits too long is shown within a second of due and grace, never before, in a log that is silent but for that', async () => {
  const begun = Date.now()
  await api.send([cloudEvent({ type: 'placed', data: { order: 'A' }, at: begun })])
  const { atMs, blindMs } = await whenSeen('A', (instance) => instance?.stuck === true)
  const actsAt = begun + STUCK_AFTER_MS + GRACE_MS
  expect(atMs).toBeGreaterThanOrEqual(actsAt)
  expect(atMs - actsAt - blindMs, `seen ${atMs - actsAt} ms after it was due; looks took up to ${blindMs} ms`).toBeLessThan(PROMISED_MS)
})

test('what arrives within the grace keeps it from being said', async () => {
  const begun = Date.now()
  await api.send([cloudEvent({ type: 'placed', data: { order: 'B' }, at: begun })])
  await api.send([cloudEvent({ type: 'paid', data: { order: 'B' }, at: begun + 1 }), cloudEvent({ type: 'shipped', data: { order: 'B' }, at: begun + 2 })])
  await api.send([cloudEvent({ type: 'placed', data: { order: 'witness' } })])
  await whenSeen('witness', (instance) => instance?.stuck === true)
  expect(await api.instances('key=B')).toMatchObject([{ status: 'completed', stuck: false, deviations: 0 }])
  const { events } = await api.instance((await api.instances('key=B'))[0]!.id)
  expect(events.map(({ reading }) => reading)).toEqual(['fits', 'fits', 'fits'])
})

test('an event that moves it on takes the word back', async () => {
  await api.send([cloudEvent({ type: 'placed', data: { order: 'C' } })])
  await whenSeen('C', (instance) => instance?.stuck === true)
  await api.send([cloudEvent({ type: 'paid', data: { order: 'C' } }), cloudEvent({ type: 'shipped', data: { order: 'C' } })])
  await whenSeen('C', (instance) => instance?.stuck === false && instance.status === 'completed')
})

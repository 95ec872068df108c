/** Events whose key has no instance, where the model brings a decision about them: from the deployment to fates and alerts. */
import type { AlertSummary, Fate, LoggedEvent, Page } from '@tidemark/api'
import { MemoryLog } from '@tidemark/log'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { admissionOf } from '../../libs/bpmn/src/testing/decisions.js'
import { startApp, type TestApp } from '../support/app.js'
import { BY_ORDER, cloudEvent, xmlOf } from '../support/small-process.js'
import { TrackerApi } from '../support/tracker-api.js'

const DECISION = admissionOf([['"paid"', '"ignore"', '"the till sends these too"'], ['"shipped"', '"incident"', 'null'], ['"returned"', '"create"', 'null']])
const XML = xmlOf({ id: 'orders', steps: ['placed', 'paid', 'shipped', 'returned'] })
const NOON = Date.UTC(2026, 0, 1, 12)

let app: TestApp
let api: TrackerApi
beforeAll(async () => {
  app = await startApp({}, { log: new MemoryLog() })
  api = new TrackerApi(app.url)
  await api.deploy(XML, `${BY_ORDER}\ngrace: PT0.2S\neffectsMaxAge: P10000D`, DECISION)
})
afterAll(() => app.stop())

async function send(type: string, order: string, at = NOON): Promise<string> {
  const { position } = await api.send([cloudEvent({ type, data: { order }, at })])
  await api.settled()
  return position
}
const fatesAt = async (position: string): Promise<Fate[]> => (await api.event(position)).fates
const fateIs = (position: string, kind: string) => api.until(`event ${position} is ${kind}`, async () => (await fatesAt(position))[0]?.kind === kind)
const alerts = async () => (await api.get<Page<AlertSummary>>('/alerts?kind=incident')).items

test('one is ignored by the rule that says so, once the grace has passed', async () => {
  const position = await send('paid', 'A')
  await fateIs(position, 'ignored')
  expect(await fatesAt(position)).toEqual([{ kind: 'ignored', model: 'orders', reason: 'rule r1: the till sends these too' }])
  expect(await api.instances('key=A')).toEqual([])
})

test('one is an incident, which calls somebody, until its instance begins before it after all', async () => {
  const position = await send('shipped', 'B')
  await fateIs(position, 'incident')
  await api.until('an alert is open', async () => (await alerts())[0]?.status === 'open')
  expect(await alerts()).toMatchObject([{ title: '“shipped” came without an instance', model: 'orders', count: 1, severity: 'warning' }])
  expect((await api.get<Page<LoggedEvent>>('/events?fate=incident')).items.map((event) => event.position)).toEqual([position])
  await send('placed', 'B', NOON - 3_600_000)
  await send('paid', 'B', NOON - 1_800_000)
  expect(await fatesAt(position)).toMatchObject([{ kind: 'tracked', element: 'e2' }])
  expect(await api.instances('key=B')).toMatchObject([{ status: 'active', deviations: 0 }])
  await api.until('the alert is resolved', async () => (await alerts())[0]?.status === 'resolved')
})

test('one begins an instance at this point', async () => {
  const position = await send('returned', 'C')
  expect(await fatesAt(position)).toMatchObject([{ kind: 'tracked', element: 'e3' }])
  expect(await api.instances('key=C')).toMatchObject([{ deviations: 1 }])
})

test('the decision is a part of the version: the same is the same, without it is another', async () => {
  const mapping = `${BY_ORDER}\ngrace: PT0.2S\neffectsMaxAge: P10000D`
  expect((await api.deploy(XML, mapping, DECISION)).version).toBe(1)
  expect((await api.deploy(XML, mapping)).version).toBe(2)
  const position = await send('shipped', 'D', Date.now())
  expect(await fatesAt(position)).toMatchObject([{ kind: 'tracked', version: 2 }])
})

test('a decision that cannot be followed refuses the deployment, with findings', async () => {
  const answer = await fetch(`${app.url}/api/v1/models`, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ xml: XML, mapping: BY_ORDER, decision: admissionOf([['-', '"drop"', 'null']]) }),
  })
  expect(answer.status).toBe(422)
  expect(await answer.json()).toMatchObject({ code: 'modelRefused', findings: [{ code: 'decisionContract', message: expect.stringContaining('"drop"') }] })
})

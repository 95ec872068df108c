/** What people say of instances, through the whole service: an entry of the log that a rebuild reads again. */
import type { Instance, InstanceSummary } from '@tidemark/api'
import { MemoryLog } from '@tidemark/log'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startApp, type TestApp } from '../support/app.js'
import { tidemark } from '../cli/run-command.js'
import { BY_ORDER, cloudEvent, xmlOf } from '../support/small-process.js'
import { TrackerApi } from '../support/tracker-api.js'

const NOON = Date.UTC(2026, 0, 1, 12)
const log = new MemoryLog()
let app: TestApp
let api: TrackerApi
beforeAll(async () => {
  app = await startApp({}, { log })
  api = new TrackerApi(app.url)
  await api.deploy(xmlOf({ id: 'orders', steps: ['placed', 'paid', 'packed', 'shipped'] }), BY_ORDER)
})
afterAll(() => app.stop())

/** Sends events an hour apart; answers the instance. */
async function given(order: string, ...types: string[]): Promise<Instance> {
  await api.send(types.map((type, index) => cloudEvent({ type, data: { order, [type]: true }, at: NOON + index * 3_600_000 })))
  await api.settled()
  const [summary] = await api.instances(`key=${order}`)
  return api.instance((summary as InstanceSummary).id)
}
async function say(id: string, correction: object): Promise<{ status: number; body: Instance & { code?: string; detail?: string } }> {
  const answer = await fetch(`${app.url}/api/v1/instances/${id}/corrections`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(correction) })
  return { status: answer.status, body: (await answer.json()) as Instance & { code?: string } }
}
const tokens = ({ tokens: list }: Instance) => list.map(({ element }) => element)

test('a deviation is accepted: shown, not counted, nor in the figures', async () => {
  const { id } = await given('A', 'placed', 'packed')
  const { status, body } = await say(id, { what: 'accept', kind: 'skipped', element: 'e1', by: 'ann', comment: 'paid in the shop' })
  expect(status).toBe(200)
  expect(body).toMatchObject({ deviations: 0, deviationList: [{ kind: 'skipped', accepted: true }] })
  expect(body.events.at(-1)?.text).toBe('ann said that skipped at “paid” is normal here: paid in the shop.')
  expect(await api.instances('deviating=true&key=A')).toEqual([])
})

test('an event is set aside, and that is taken back', async () => {
  const { id, events } = await given('B', 'placed', 'shipped')
  const aside = await say(id, { what: 'setAside', position: events[1]?.position })
  expect(tokens(aside.body)).toEqual(['e1'])
  expect(aside.body.deviations).toBe(0)
  expect(aside.body.variables).not.toHaveProperty('shipped')
  expect(aside.body.events.map(({ reading }) => reading)).toEqual(['fits', 'noted', 'noted'])
  const back = await say(id, { what: 'setAside', position: aside.body.events.at(-1)?.position })
  expect(back.body).toMatchObject({ status: 'completed', deviations: 1 })
})

test('the only event of an instance is set aside: it is shown as it was, and gone', async () => {
  const { id, events } = await given('G', 'paid')
  expect(await say(id, { what: 'setAside', position: events[0]?.position })).toMatchObject({ status: 200, body: { key: 'G' } })
  expect(await api.instances('key=G')).toEqual([])
})

test('a step was done at a time that is stated, before what came since', async () => {
  const { id } = await given('C', 'placed', 'packed')
  const { body } = await say(id, { what: 'done', element: 'e1', at: new Date(NOON + 60_000).toISOString(), by: 'ann' })
  expect(body).toMatchObject({ deviations: 0, status: 'active' })
  expect(tokens(body)).toEqual(['e3'])
  expect(body.events.map(({ type }) => type)).toContain('assertStep')
})

test('tokens are moved, and the story goes on from there', async () => {
  const { id } = await given('D', 'placed', 'paid', 'packed')
  expect(tokens((await say(id, { what: 'move', elements: ['e1'] })).body)).toEqual(['e1'])
  await api.send([cloudEvent({ type: 'paid', data: { order: 'D' } })])
  await api.settled()
  expect(await api.instance(id)).toMatchObject({ deviations: 0, tokens: [{ element: 'e2' }] })
})

test('an instance is ended', async () => {
  const { id } = await given('E', 'placed')
  expect((await say(id, { what: 'end', by: 'ann', comment: 'by phone' })).body).toMatchObject({ status: 'terminated', tokens: [] })
  expect(await say(id, { what: 'end' })).toMatchObject({ status: 409, body: { code: 'instanceEnded' } })
})

describe('what cannot be said', () => {
  let id: string
  beforeAll(async () => {
    id = (await given('F', 'placed')).id
  })
  test.each([
    [{ what: 'done', element: 'nothing' }, 422, 'nothing is no step'], [{ what: 'done', element: 'e1', phase: 'start' }, 422, 'not its start'],
    [{ what: 'move', elements: ['e1', 'nothing'] }, 422, 'at nothing'], [{ what: 'setAside', position: '999999' }, 422, '999999'],
    [{ what: 'end', at: 'yesterday' }, 400, 'at is not a time'], [{ what: 'accept', kind: 'odd' }, 400, ''], [{ what: 'move', elements: [] }, 400, ''], [{ what: 'undo' }, 400, ''],
  ])('%j', async (correction, status, detail) => {
    const answer = await say(id, correction)
    expect(answer.status).toBe(status)
    expect(answer.body.detail).toContain(detail)
  })

  test('of an instance that there is not', async () => {
    expect(await say('00000000-0000-0000-0000-000000000000', { what: 'end' })).toMatchObject({ status: 404, body: { code: 'instanceNotFound' } })
  })
})

test('the command line says the same, and what is missing', async () => {
  const { id } = await given('H', 'placed')
  const said = await tidemark('correct', id, 'done', '--element', 'e1', '--by', 'ann', '--url', app.url)
  expect(said).toMatchObject({ code: 0, stdout: expect.stringContaining('H of orders is active, at packed; 0 deviations that count') })
  const moved = await tidemark('correct', id, 'move', '--element', 'e3', '--url', app.url, '--output', 'json')
  expect(tokens(JSON.parse(moved.stdout) as Instance)).toEqual(['e3'])
  expect(await tidemark('correct', id, 'accept', '--url', app.url)).toMatchObject({ code: 2, stderr: expect.stringContaining('accept needs --kind') })
  expect(await tidemark('correct', id, 'forget', '--url', app.url)).toMatchObject({ code: 2, stderr: expect.stringContaining('accept, set-aside, done, move, end') })
  expect(await tidemark('correct', id, 'done', '--element', 'nothing', '--url', app.url)).toMatchObject({ code: 2, stderr: expect.stringContaining('nothing is no step') })
})

test('a tracker that reads the log from its beginning comes to the same', async () => {
  const picture = async (from: TrackerApi) => (await from.instances('')).map(({ key, status, deviations, tokens: list }) => [key, status, deviations, list.map(({ element }) => element)]).sort()
  const before = await picture(api)
  const again = await startApp({}, { log })
  try {
    const other = new TrackerApi(again.url)
    await other.settled()
    expect(await picture(other)).toEqual(before)
  } finally {
    await again.stop()
  }
})

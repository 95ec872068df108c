import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startFakeTracker, type FakeTracker } from './fake-tracker.js'
import { tidemark } from './run-command.js'

let folder = ''
let tracker: FakeTracker
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-import-'))
  tracker = await startFakeTracker(['fines'])
})
afterEach(async () => {
  await tracker.stop()
  await rm(folder, { recursive: true })
})

async function csv(rows: number): Promise<string> {
  const lines = Array.from({ length: rows }, (_, at) => `case-${at % 10},step ${at % 3},2024-01-01 10:00,${at}`)
  await writeFile(join(folder, 'fines of may.csv'), ['case,activity,time,amount', ...lines].join('\n'))
  return join(folder, 'fines of may.csv')
}

describe('import', () => {
  test('sends each event of the log once, as a CloudEvent that keeps the order of the file', async () => {
    const ran = await tidemark('import', await csv(1203), '--url', tracker.url, '--model', 'fines', '--output', 'json')
    expect(ran.code).toBe(0)
    expect(JSON.parse(ran.stdout)).toMatchObject({
      events: 1203, accepted: 1203, duplicates: 0, model: { id: 'fines', version: 1, fitting: 89, active: 1, completed: 99, deviating: 10 },
    })
    expect(tracker.events).toHaveLength(1203)
    expect(tracker.events.find((event) => event.id === 'case-4:9')).toEqual({
      specversion: '1.0', id: 'case-4:9', source: '/import/fines%20of%20may', type: 'step 1', subject: 'case-4', time: '2024-01-01T10:00:00.000Z',
      sequence: '0000000009', datacontenttype: 'application/json', data: { amount: '4' },
    })
    const ofOneCase = tracker.events.filter((event) => event.subject === 'case-4').map((event) => event.sequence)
    expect(ofOneCase.toSorted()).toEqual(tracker.events.filter((event) => event.subject === 'case-4').toSorted((a, b) => Number(a.data?.['amount']) - Number(b.data?.['amount'])).map((event) => event.sequence))
  })

  test('a second time adds nothing', async () => {
    const file = await csv(700)
    await tidemark('import', file, '--url', tracker.url)
    const again = await tidemark('import', file, '--url', tracker.url, '--output', 'json')
    expect(JSON.parse(again.stdout)).toMatchObject({ events: 700, accepted: 0, duplicates: 700 })
    expect(tracker.events).toHaveLength(700)
  })

  test('is not stopped by a tracker that is busy for a moment', async () => {
    tracker.failNext(3)
    const ran = await tidemark('import', await csv(600), '--url', tracker.url, '--output', 'json')
    expect(JSON.parse(ran.stdout)).toMatchObject({ accepted: 600 })
  })

  test('may name its source, and may leave out the data', async () => {
    await tidemark('import', await csv(1), '--url', tracker.url, '--source', '/archive', '--data', 'none')
    expect(tracker.events[0]).toMatchObject({ source: '/archive' })
    expect(tracker.events[0]).not.toHaveProperty('data')
  })

  test('is wrong use where the model is not deployed, and sends nothing', async () => {
    const ran = await tidemark('import', await csv(5), '--url', tracker.url, '--model', 'claims')
    expect([ran.code, tracker.events.length]).toEqual([2, 0])
    expect(ran.stderr).toMatch(/no model "claims" is deployed at .*tidemark deploy claims\.bpmn/)
  })

  test('says where no tracker answers, and how to start one', async () => {
    const { url } = tracker
    await tracker.stop()
    const ran = await tidemark('import', await csv(5), '--url', url)
    expect(ran.code).toBe(2)
    expect(ran.stderr).toContain(`no tracker answers at ${url}`)
    expect(ran.stderr).toContain('npx tidemark serve')
    tracker = await startFakeTracker()
  })

  test('says that a token is asked for, and sends the one it is given', async () => {
    tracker.token = 'secret'
    const file = await csv(5)
    const without = await tidemark('import', file, '--url', tracker.url)
    expect(without.code).toBe(2)
    expect(without.stderr).toContain('TIDEMARK_TOKEN')
    expect((await tidemark('import', file, '--url', tracker.url, '--token', 'secret')).code).toBe(0)
  })
})

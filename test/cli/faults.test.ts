/** `tidemark faults` and `tidemark rebuild`: what they ask of a tracker, what they say, and their exit codes. */
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { tidemark } from './run-command.js'

const fault = { unit: 'u-1', model: 'order', key: 'A', position: '10', events: 2, error: 'RangeError: the fold does not end\n    at fold', since: '2026-01-05T08:00:00.000Z' }
const job = { id: 'j-1', status: 'running', done: 3, total: 12_000, startedAt: '2026-01-05T08:00:00.000Z', updatedAt: '2026-01-05T08:00:01.000Z' }

/** What the tracker answers to which call, one after the other; the last answer stands. */
let answers: Record<string, { status: number; body: unknown }[]>
let asked: { what: string; body: unknown }[]
let url = ''
let stop: () => Promise<unknown>
beforeEach(async () => {
  answers = {}
  asked = []
  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      const what = `${request.method} ${(request.url ?? '').replace('/api/v1', '')}`
      const text = Buffer.concat(chunks).toString()
      asked.push({ what, body: text === '' ? undefined : JSON.parse(text) })
      const known = answers[what] ?? [{ status: 404, body: { title: 'Not found', status: 404, code: 'notFound', detail: `nothing at ${what}` } }]
      const { status, body } = known.length > 1 ? known.shift()! : known[0]!
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    })()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  stop = () => new Promise((resolve) => {
    server.close(resolve)
    server.closeAllConnections()
  })
})
afterEach(() => stop())

const run = (...args: string[]) => tidemark(...args, '--url', url)
const posted = () => asked.filter(({ what }) => what.startsWith('POST'))

describe('faults', () => {
  test('says that there are none, and exits with 0', async () => {
    answers['GET /faults'] = [{ status: 200, body: { items: [] } }]
    expect(await run('faults')).toMatchObject({ code: 0, stdout: 'none\n' })
  })

  test('lists them with the first line of each error, and exits with 1; as JSON with all of it', async () => {
    answers['GET /faults'] = [{ status: 200, body: { items: [fault], nextCursor: 'more' } }]
    const ran = await run('faults')
    expect(ran).toMatchObject({ code: 1, stderr: expect.stringContaining('there are more') })
    expect(ran.stdout).toMatch(/u-1\s+order\s+A\s+2\s+2026-01-05T08:00:00\.000Z\s+RangeError: the fold does not end\n/)
    expect(JSON.parse((await run('faults', '--output', 'json')).stdout)).toEqual([fault])
  })

  test('tries one again, or all', async () => {
    answers['POST /faults/retry'] = [{ status: 202, body: { tried: 7 } }]
    answers['POST /faults/u-1/retry'] = [{ status: 202, body: { tried: 1 } }]
    expect(await run('faults', '--retry')).toMatchObject({ code: 0, stdout: expect.stringContaining('7 tried again') })
    expect(await run('faults', '--retry', 'u-1')).toMatchObject({ code: 0, stdout: expect.stringContaining('1 tried again') })
    expect(await run('faults', '--retry', 'u-2')).toMatchObject({ code: 2, stderr: expect.stringContaining('nothing at POST /faults/u-2/retry') })
  })

  test('throws away what waits, or one quarantined event, and only with a reason', async () => {
    answers['POST /faults/u-1/discard'] = [{ status: 202, body: { discarded: 2 } }]
    const event = { position: '7', id: '', source: '', type: '(undecodable)', time: fault.since, appendTime: fault.since, fates: [{ kind: 'discarded' }] }
    answers['POST /events/7/discard'] = [{ status: 200, body: event }]
    expect(await run('faults', '--discard', 'u-1')).toMatchObject({ code: 2, stderr: expect.stringContaining('--comment') })
    expect(await run('faults', '--discard-event', '7', '--comment', ' ')).toMatchObject({ code: 2, stderr: expect.stringContaining('--comment') })
    expect(await run('faults', '--discard', 'u-1', '--retry')).toMatchObject({ code: 2, stderr: expect.stringContaining('exclude') })
    expect(await run('faults', '--position', '7')).toMatchObject({ code: 2, stderr: expect.stringContaining('--discard UNIT') })
    expect(posted()).toEqual([])
    expect(await run('faults', '--discard', 'u-1', '--position', '10', '12', '--comment', 'a test', '--by', 'Ada')).toMatchObject({ code: 0, stdout: expect.stringContaining('2 events are set aside') })
    expect(await run('faults', '--discard-event', '7', '--comment', 'a test')).toMatchObject({ code: 0, stdout: 'event 7 is discarded\n' })
    expect(posted().map(({ body }) => body)).toEqual([{ comment: 'a test', by: 'Ada', positions: ['10', '12'] }, { comment: 'a test' }])
  })
})

describe('rebuild', () => {
  test('begins one, waits for its end and says what came of it', async () => {
    answers['POST /rebuild'] = [{ status: 202, body: job }]
    answers['GET /rebuild'] = [{ status: 200, body: { ...job, done: 6_000 } }, { status: 200, body: { ...job, status: 'done', done: 12_000 } }]
    expect(await run('rebuild')).toMatchObject({ code: 0, stdout: 'done: 12,000 of 12,000 entries folded again\n' })
  })

  test('that fails exits with 1 and says why', async () => {
    answers['POST /rebuild'] = [{ status: 202, body: job }]
    answers['GET /rebuild'] = [{ status: 200, body: { ...job, status: 'failed', error: 'the log was trimmed' } }]
    expect(await run('rebuild')).toMatchObject({ code: 1, stdout: expect.stringContaining('the log was trimmed') })
  })

  test('does not wait where it is told so, and where one only asks or ends it', async () => {
    answers['POST /rebuild'] = [{ status: 202, body: job }]
    answers['GET /rebuild'] = [{ status: 200, body: { ...job, status: 'cancelled' } }]
    answers['POST /rebuild/cancel'] = [{ status: 202, body: { ...job, status: 'cancelling' } }]
    expect(JSON.parse((await run('rebuild', '--detach', '--output', 'json')).stdout)).toMatchObject({ status: 'running' })
    expect(await run('rebuild', '--cancel')).toMatchObject({ code: 0, stdout: expect.stringContaining('cancelled') })
    expect(await run('rebuild', '--status')).toMatchObject({ code: 1, stdout: expect.stringContaining('cancelled') })
    expect(await run('rebuild', '--status', '--cancel')).toMatchObject({ code: 2, stderr: expect.stringContaining('exclude') })
  })

  test('says so where there was none, or one is under way', async () => {
    expect(await run('rebuild', '--status')).toMatchObject({ code: 2, stderr: expect.stringContaining('has not been rebuilt') })
    answers['POST /rebuild'] = [{ status: 409, body: { title: 'Conflict', status: 409, code: 'rebuildStatus', detail: 'A rebuild is under way.' } }]
    expect(await run('rebuild')).toMatchObject({ code: 2, stderr: expect.stringContaining('A rebuild is under way.') })
  })
})

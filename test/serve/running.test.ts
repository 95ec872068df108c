import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mappingSchema } from '@tidemark/bpmn'
import { OpenApi } from '../../apps/tracker/src/serve/openapi.js'
import { ServeModule } from '../../apps/tracker/src/serve/serve.module.js'
import { NOON, openServingHouse } from '../support/house.js'
import type { RunningHouse } from '../support/house.js'
import { alertRow, commandRow, insert, modelRow } from '../support/seed.js'

let house: RunningHouse
beforeAll(async () => {
  house = await openServingHouse([ServeModule])
})
afterAll(() => house.close())
const get = async (path: string) => (await fetch(`${house.url}${path}`)).json()

describe('the status', () => {
  it('of an empty product says so', async () => {
    expect(await get('/api/v1/status')).toMatchObject({ now: '2026-03-01T12:00:00.000Z', clockScale: 1, embedded: { log: true, database: true }, head: '0', folded: '0', lagEntries: 0, events: 0, models: 0 })
  })

  it('counts what is open and how far the tracker is behind', async () => {
    await insert(house.db, 'model_version', [modelRow(), modelRow({ version: 2 })])
    await insert(house.db, 'alert', [alertRow('one', { opened_at: NOON }), alertRow('two', { status: 'resolved' })])
    await insert(house.db, 'command', [commandRow('one')])
    house.clock.ms += 7_000
    await house.log.append([{ kind: 'clock', subject: 'clock', payload: new Uint8Array() }])
    expect(await get('/api/v1/status')).toMatchObject({ head: '1', folded: '0', lagEntries: 1, lagSeconds: 7, models: 1, openAlerts: 1, proposedCommands: 1 })
  })
})

describe('health', () => {
  it('is live while the process answers, and ready while following keeps up', async () => {
    expect(await get('/health/live')).toEqual({ status: 'live' })
    expect(await get('/health/ready')).toEqual({ status: 'ready', lagSeconds: 7 })
    house.clock.ms += 31_000
    await house.log.append([{ kind: 'clock', subject: 'clock', payload: new Uint8Array() }])
    expect(await get('/health/ready')).toMatchObject({ status: 503, code: 'notReady', detail: expect.stringContaining('38 seconds behind') })
    expect(await get('/health/live')).toEqual({ status: 'live' })
    house.fold()
    expect(await get('/health/ready')).toMatchObject({ status: 'ready' })
  })
})

describe('the metrics', () => {
  it('are in the format of Prometheus, with figures that outlive the process', async () => {
    await insert(house.db, 'model_count', [{ shard: 0, model: 'order', version: 1, active: 4, completed: 2, terminated: 0, stuck: 1, late: 0, deviating: 0, last_event_at: 0 }])
    await insert(house.db, 'event_type', [{ shard: 0, type: 'x', count: 12, first_seen: 0, last_seen: 0 }])
    const answer = await fetch(`${house.url}/metrics`)
    const text = await answer.text()
    expect(answer.headers.get('content-type')).toContain('text/plain')
    for (const line of ['tidemark_events_followed_total 12', 'tidemark_instances{process="order",state="active"} 4', 'tidemark_instances_stuck{process="order"} 1',
      'tidemark_log_lag_events 0', 'tidemark_alerts_open 1', 'tidemark_outbox_pending{channel="command"} 0', 'process_cpu_seconds_total']) {
      expect(text).toContain(line)
    }
    expect((await (await fetch(`${house.url}/metrics`)).text())).toContain('tidemark_events_followed_total 12')
  })
})

describe('the document of the API', () => {
  it('names every route that is served', async () => {
    const { paths } = await get('/openapi.json') as { paths: Record<string, Record<string, unknown>> }
    const documented = Object.entries(paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`)).toSorted()
    expect(documented).toEqual(routesOf(house).toSorted())
    expect(documented).toEqual(expect.arrayContaining(['POST /api/v1/commands/{id}/approve', 'POST /api/v1/demo']))
  })

  it('says of every route what it answers, and describes every parameter', async () => {
    const { paths } = house.app.get(OpenApi).document
    const flow = paths['/api/v1/models/{id}/flow']?.get
    expect(flow?.parameters).toMatchObject([{ name: 'id', in: 'path' }, { name: 'version', in: 'query' }, { name: 'at', in: 'query' }])
    expect(paths['/api/v1/instances']?.get?.parameters?.map((parameter) => (parameter as { name: string }).name)).toEqual(expect.arrayContaining(['waitingLongerThan', 'cursor', 'limit', 'stuck']))
    expect(flow?.responses['200']).toMatchObject({ content: { 'application/json': { schema: { properties: { elements: { type: 'array' } } } } } })
    for (const [path, methods] of Object.entries(paths)) {
      for (const operation of Object.values(methods as Record<string, { summary?: string }>)) expect(operation.summary, path).not.toBe('')
    }
  })
})

/** From the router itself, in the document's way of writing. */
function routesOf({ app }: RunningHouse): string[] {
  const lines = app.getHttpAdapter().getInstance().printRoutes({ commonPrefix: false, includeHooks: false }).split('\n')
  const stack: string[] = []
  return lines.flatMap((line: string) => {
    const [, indent, rest] = /^((?:[│ ] {3})*)(?:├── |└── )(.*)$/.exec(line) ?? []
    if (indent === undefined || rest === undefined) return []
    const [, segment, methods] = /^(.*?)(?: \(([A-Z, ]+)\))?$/.exec(rest) ?? []
    stack.length = indent.length / 4
    stack.push(segment ?? '')
    const path = stack.join('').replaceAll(/:(\w+)/g, '{$1}')
    return (methods ?? '').split(', ').filter((method) => method !== '' && method !== 'HEAD').map((method) => `${method} ${path}`)
  })
}

describe('the schema of mapping files', () => {
  it('is served to editors of any origin', async () => {
    const answer = await fetch(`${house.url}/api/v1/mapping-schema`)
    expect(answer.headers.get('content-type')).toMatch(/^application\/schema\+json/)
    expect(answer.headers.get('access-control-allow-origin')).toBe('*')
    expect(await answer.json()).toEqual(mappingSchema)
  })
})

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Status } from '@tidemark/api'

export interface SentEvent {
  readonly id: string
  readonly source: string
  readonly type: string
  readonly subject: string
  readonly time?: string
  readonly sequence: string
  readonly data?: Record<string, unknown>
}

export interface FakeTracker {
  readonly url: string
  /** In order of arrival, without repetitions. */
  readonly events: SentEvent[]
  readonly deployed: { type: string; body: string }[]
  /** The next so many requests of this kind are answered 503. */
  failNext(count: number): void
  /** Answer to POST /api/v1/models. */
  onDeploy: { status: number; body: unknown }
  token: string | undefined
  stop(): Promise<void>
}

/** What the command line sees of a tracker, in memory: enough to test the sender alone. */
export async function startFakeTracker(models: readonly string[] = []): Promise<FakeTracker> {
  const seen = new Set<string>()
  let failures = 0
  const server = createServer((request, answer) => {
    void handle(request, answer)
  })
  const fake: FakeTracker = {
    url: '', events: [], deployed: [], token: undefined,
    onDeploy: { status: 201, body: { id: 'm', version: 1, findings: [], models: [{ id: 'm', version: 1, name: 'M' }] } },
    failNext: (count) => { failures = count },
    stop: () => new Promise((resolve) => { server.close(() => resolve()); server.closeAllConnections() }),
  }

  async function handle(request: IncomingMessage, answer: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks).toString('utf8')
    const reply = (status: number, value: unknown): void => { answer.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value)) }
    if (fake.token !== undefined && request.headers.authorization !== `Bearer ${fake.token}`) return reply(401, problem(401, 'unauthorized', 'a token is needed'))
    if (failures > 0 && request.method === 'POST') {
      failures -= 1
      return reply(503, problem(503, 'busy', 'later'))
    }
    const path = request.url ?? ''
    if (path === '/api/v1/status') return reply(200, statusAt(fake.events.length))
    if (path === '/api/v1/events') return reply(202, take(JSON.parse(body) as SentEvent[]))
    if (path.startsWith('/api/v1/models') && request.method === 'POST') {
      fake.deployed.push({ type: request.headers['content-type'] ?? '', body })
      return reply(fake.onDeploy.status, fake.onDeploy.body)
    }
    if (path.startsWith('/api/v1/instances?')) return reply(200, pageOfInstances(new URL(path, 'http://x').searchParams))
    const model = models.find((id) => path.startsWith(`/api/v1/models/${id}`))
    if (model === undefined) return reply(404, problem(404, 'modelUnknown', 'no such model'))
    return reply(200, path.endsWith('/flow') ? flowOf(model) : summaryOf(model))
  }

  function take(events: readonly SentEvent[]): object {
    let duplicates = 0
    for (const event of events) {
      const identity = `${event.source} ${event.id}`
      if (seen.has(identity)) duplicates += 1
      else fake.events.push(event)
      seen.add(identity)
    }
    return { accepted: events.length - duplicates, duplicates, position: String(fake.events.length) }
  }

  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  return Object.assign(fake, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
}

const now = '2024-01-01T00:00:00.000Z'

function problem(status: number, code: string, detail: string): object {
  return { type: `urn:tidemark:problem:${code}`, title: code, status, code, detail }
}

function statusAt(position: number): Status {
  return {
    version: '0.1.0', now, clockScale: 1, embedded: { log: true, database: true }, head: String(position), folded: String(position), lagSeconds: 0, lagEntries: 0,
    events: position, models: 1, openAlerts: 0, proposedCommands: 0, following: { state: 'on' }, members: [], shards: [], fencedWrites: 0, faults: { instances: 0, models: 0, events: 0 }, waysIn: [], demoAvailable: false, demoRunning: false,
  }
}

const some = (count: number): object[] => Array.from({ length: count }, () => ({}))

/** 89 in all, in two pages. */
function pageOfInstances(query: URLSearchParams): object {
  const fits = query.get('status') === 'completed' && query.get('deviating') === 'false'
  if (!fits) return { items: [] }
  return query.has('cursor') ? { items: some(39) } : { items: some(50), nextCursor: 'more' }
}

function summaryOf(id: string): object {
  return { id, name: id, version: 1, versions: [], mode: 'observe', active: 0, completed: 0, terminated: 0, stuck: 0, late: 0, deviating: 0 }
}

function flowOf(model: string): object {
  return { model, version: 1, at: now, active: 1, completed: 99, terminated: 0, stuck: 0, late: 0, deviating: 10, elements: [], flows: [] }
}

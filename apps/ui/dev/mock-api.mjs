// npm run build -w @tidemark/ui && node apps/ui/dev/mock-api.mjs [empty|normal|huge] [port]
// Serves the built pages with an API that is played, to look at pages without a tracker. No part of the product.
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { extname, join } from 'node:path'
import { groupBy, MockTracker } from './mock-data.mjs'
import { graphOf, largeModel } from './mock-model.mjs'

const [set = 'normal', port = '3100', option] = process.argv.slice(2)
const here = import.meta.dirname
const dist = join(here, '../dist')
const example = join(here, '../../../examples/order-fulfilment/order-fulfilment.bpmn')

let tracker = make(set)
let modelDeployed = set !== 'empty'

function make(kind) {
  if (kind === 'empty') return new MockTracker({ scale: 1 })
  const huge = kind === 'huge'
  const made = new MockTracker({
    graph: graphOf(huge || !existsSync(example) ? largeModel(huge ? 300 : 12) : readFileSync(example, 'utf8')),
    scale: huge ? 1 : 86_400,
    seedInstances: huge ? 5_000 : 900,
    ordersPerTick: huge ? 0 : 2,
  })
  if (huge) {
    for (let n = made.alerts.length; n < 5_000; n++) made.alerts.push({ ...made.alerts[n % 3], id: `a${n + 1}`, status: 'open' })
  }
  if (option !== 'still') made.run()
  return made
}

createServer((request, response) => {
  const url = new URL(request.url, 'http://x')
  const chunks = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => {
    try {
      if (url.pathname.startsWith('/api/v1')) api(request, response, url, Buffer.concat(chunks).toString())
      else serve(response, url.pathname)
    } catch (error) {
      json(response, 500, { title: 'The mock failed', status: 500, detail: String(error.stack), code: 'mock' })
    }
  })
}).listen(Number(port), '127.0.0.1', () => console.log(`mock (${set}) at http://127.0.0.1:${port}`))

const types = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' }

function serve(response, path) {
  const file = join(dist, path)
  const found = extname(path) !== '' && file.startsWith(dist) && existsSync(file) ? file : join(dist, 'index.html')
  response.writeHead(200, {
    'content-type': `${types[extname(found)] ?? 'application/octet-stream'}; charset=utf-8`,
    'content-security-policy': "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:",
  })
  response.end(readFileSync(found))
}

function json(response, status, body) {
  response.writeHead(status, { 'content-type': status >= 400 ? 'application/problem+json' : 'application/json' })
  response.end(JSON.stringify(body))
}

function problem(response, status, title, detail) {
  json(response, status, { type: `urn:tidemark:problem:mock`, title, status, detail, code: 'mock' })
}

function api(request, response, url, body) {
  const path = url.pathname.slice('/api/v1'.length).split('/').slice(1).map(decodeURIComponent)
  const query = Object.fromEntries(url.searchParams)
  const [what, id, more] = path
  if (request.method === 'POST') return act(response, what, id, more, query, body)
  switch (what) {
    case 'status':
      return json(response, 200, status())
    case 'live':
      return liveStream(request, response)
    case 'models':
      return models(response, id, more, path)
    case 'instances':
      return id === undefined ? page(response, filtered(query).map(summaryOf), query) : instance(response, id)
    case 'events':
      return id === undefined ? page(response, events(query), query) : one(response, tracker.events[Number(id) - 1])
    case 'event-types':
      return json(response, 200, { items: eventTypes() })
    case 'alerts':
      return id === undefined
        ? page(
            response,
            tracker.alerts.filter((alert) => !query.status || alert.status === query.status),
            query,
          )
        : one(
            response,
            tracker.alerts.find((alert) => alert.id === id),
          )
    case 'commands':
      return page(
        response,
        tracker.commands.filter((command) => !query.status || command.status === query.status),
        query,
      )
    default:
      return problem(response, 404, 'Not found', `There is no ${url.pathname}.`)
  }
}

function act(response, what, id, action, query, body) {
  if (what === 'demo') {
    tracker = make('normal')
    modelDeployed = true
    return json(response, 202, {})
  }
  if (what === 'events') {
    const event = JSON.parse(body)
    tracker.events.push({
      ...event,
      position: String(tracker.events.length + 1),
      time: tracker.iso(),
      appendTime: tracker.iso(),
      fates: [{ kind: 'unmatched' }],
    })
    return json(response, 202, { accepted: 1, duplicates: 0, position: String(tracker.events.length) })
  }
  if (what === 'alerts') {
    const alert = tracker.alerts.find((known) => known.id === id)
    Object.assign(
      alert,
      action === 'resolve'
        ? { status: 'resolved', resolvedBy: 'operator', resolvedAt: tracker.iso() }
        : { status: 'acknowledged', acknowledgedBy: 'operator', acknowledgedAt: tracker.iso() },
    )
    return json(response, 200, alert)
  }
  if (what === 'commands') {
    const command = tracker.commands.find((known) => known.id === id)
    Object.assign(
      command,
      action === 'reject' ? { status: 'rejected', note: 'Rejected by operator' } : { status: 'sending', note: 'Approved by operator' },
    )
    return json(response, 200, command)
  }
  const findings = [
    {
      code: 'nothingObserved',
      severity: 'warning',
      elementId: 'WriteInvoice',
      message:
        '“Write invoice” has no binding, so it is passed in silence. Give it a name that is an event type, or bind it in the mapping.',
    },
    { code: 'callActivityOpaque', severity: 'info', elementId: 'PackGoods', message: '“Pack goods” is followed as a plain task.' },
  ]
  if (!/<(bpmn2?:)?definitions/.test(body))
    return json(response, 422, {
      type: 'x',
      title: 'The model cannot be tracked',
      status: 422,
      code: 'modelRefused',
      detail: 'It has 1 error.',
      findings: [{ code: 'notXml', severity: 'error', message: 'The file is not XML: line 1, column 1. Export it again as BPMN 2.0 XML.' }],
    })
  if (/inclusiveGateway/i.test(body))
    return json(response, 422, {
      type: 'x',
      title: 'The model cannot be tracked',
      status: 422,
      code: 'modelRefused',
      detail: 'It has 1 error.',
      findings: [
        {
          code: 'unsupportedElement',
          severity: 'error',
          elementId: /inclusiveGateway[^>]*id="([^"]*)"/.exec(body)?.[1],
          message: 'An inclusive gateway is not followed yet. Use an exclusive or a parallel one.',
        },
        ...findings,
      ],
    })
  if (query.dryRun !== 'true') modelDeployed = true
  return json(response, query.dryRun === 'true' ? 200 : 201, {
    id: tracker.graph?.id ?? 'order-fulfilment',
    version: 3,
    findings,
    models: [{ id: 'order-fulfilment', version: 3, name: 'Order fulfilment' }],
    dryRun: query.dryRun === 'true',
  })
}

function status() {
  const position = String(tracker.events.length)
  return {
    version: '0.1.0',
    now: tracker.iso(),
    clockScale: tracker.scale,
    embedded: { log: true, database: true },
    head: position,
    folded: position,
    lagSeconds: 0,
    lagEntries: 0,
    events: tracker.events.length,
    models: modelDeployed ? 1 : 0,
    faults: { instances: 0, models: 0, events: 0 }, waysIn: [],
    openAlerts: tracker.alerts.filter((alert) => alert.status === 'open').length,
    proposedCommands: tracker.commands.filter((command) => command.status === 'proposed').length,
    demoAvailable: true,
    demoRunning: false,
  }
}

function liveStream(request, response) {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  const send = (message) => response.write(`id: ${tracker.events.length}\ndata: ${JSON.stringify(message)}\n\n`)
  send({ kind: 'hello', now: tracker.iso(), scale: tracker.scale })
  const current = tracker
  current.listeners.add(send)
  const beat = setInterval(() => response.write(': \n\n'), 10_000)
  response.on('close', () => (clearInterval(beat), current.listeners.delete(send)))
}

function models(response, id, more, path) {
  if (!modelDeployed || tracker.graph === undefined)
    return id === undefined ? json(response, 200, { items: [] }) : problem(response, 404, 'No such model', 'Nothing is deployed.')
  if (id === undefined) return json(response, 200, { items: [modelSummary()] })
  if (more === 'versions') {
    response.writeHead(200, { 'content-type': 'application/xml' })
    return response.end(tracker.graph.xml)
  }
  if (more === 'flow') return json(response, 200, flow())
  return path.length === 2 && id === tracker.graph.id
    ? json(response, 200, modelSummary())
    : problem(response, 404, 'No such model', `No model has the id ${id}.`)
}

function totals() {
  const all = [...tracker.instances.values()]
  const many = (test) => all.filter(test).length
  return {
    active: many(({ status: is }) => is === 'active'),
    completed: many(({ status: is }) => is === 'completed'),
    terminated: 0,
    stuck: many(({ stuck }) => stuck),
    late: many(({ late, status: is }) => late && is === 'active'),
    deviating: many(({ deviations }) => deviations > 0),
  }
}

function modelSummary() {
  const deployedAt = tracker.iso(tracker.originDomain)
  return {
    id: tracker.graph.id,
    name: tracker.graph.name,
    version: 2,
    mode: 'manage',
    ...totals(),
    lastEventAt: tracker.events.at(-1)?.appendTime,
    versions: [
      {
        version: 1,
        deployedAt,
        status: 'active',
        findings: [
          {
            code: 'unreachable',
            severity: 'warning',
            elementId: 'Restock',
            message: '“Restock” cannot be reached from a start. Connect it, or remove it.',
          },
        ],
      },
      { version: 2, deployedAt, status: 'active', findings: [] },
    ],
  }
}

function flow() {
  const now = tracker.now()
  const waits = new Map()
  const deviating = new Map()
  for (const { tokens, deviationList, status: is } of tracker.instances.values()) {
    for (const { element } of deviationList) deviating.set(element, (deviating.get(element) ?? 0) + 1)
    if (is !== 'active') continue
    for (const token of tokens)
      waits.set(token.element, [...(waits.get(token.element) ?? []), { ms: now - Date.parse(token.since), ...token }])
  }
  const elements = [...tracker.graph.elements.values()].map(({ id, name, kind }) => {
    const here = (waits.get(id) ?? []).sort((a, b) => a.ms - b.ms)
    const visits = tracker.visits.get(id) ?? 0
    const at = (share) => here[Math.floor((here.length - 1) * share)]?.ms
    const spread = 1 + ((id.length * 7919) % 37)
    return {
      element: id,
      name,
      kind,
      tokens: here.length,
      stuck: here.filter(({ stuck }) => stuck).length,
      late: here.filter(({ late }) => late).length,
      deviating: deviating.get(id) ?? 0,
      visits,
      ...(visits > 0 && /task/i.test(kind) && { durationP50Ms: spread * 3_600_000, durationP95Ms: spread * 9_700_000 }),
      ...(here.length > 0 && { waitP50Ms: at(0.5), waitP95Ms: at(0.95), waitMaxMs: at(1) }),
    }
  })
  return {
    model: tracker.graph.id,
    version: 2,
    at: tracker.iso(),
    ...totals(),
    elements,
    flows: [...tracker.taken].map(([id, count]) => ({ flow: id, count })),
  }
}

function filtered(query) {
  return [...tracker.instances.values()]
    .reverse()
    .filter(
      (one) =>
        (!query.status || one.status === query.status)
        && (query.stuck !== 'true' || one.stuck)
        && (query.late !== 'true' || (one.late && one.status === 'active'))
        && (query.deviating !== 'true' || one.deviations > 0)
        && (!query.key || one.keys.some(({ value }) => value === query.key))
        && (!query.element || one.tokens.some(({ element }) => element === query.element))
        && (!query.model || query.model === one.model),
    )
}

function summaryOf({ path, visits, list, deviationList, variables, forgotten, ...summary }) {
  return summary
}

function instance(response, id) {
  const found = tracker.instances.get(id)
  if (found === undefined) return problem(response, 404, 'No such instance', `No instance has the id ${id}.`)
  const due = tracker.iso(Date.parse(found.startedAt) + 14 * 86_400_000)
  json(response, 200, {
    ...summaryOf(found),
    modelName: tracker.graph.name,
    at: tracker.iso(),
    visits: found.visits,
    path: [...found.path].map(([flowId, count]) => ({ flow: flowId, count })),
    expected: found.tokens.map(({ element, name }) => ({ element, name, events: ['shipment.dispatched', 'goods.packed'] })),
    events: found.list,
    deviationList: found.deviationList,
    deadlines:
      found.status === 'active'
        ? [
            { kind: 'timer', element: 'FourteenDays', name: '14 days', dueAt: due, actsAt: due, passed: Date.parse(due) < tracker.now() },
            {
              kind: 'stuck',
              element: found.tokens[0]?.element,
              name: found.tokens[0]?.name,
              dueAt: tracker.iso(tracker.now() + 3 * 86_400_000),
              actsAt: tracker.iso(tracker.now() + 3 * 86_400_000),
              passed: false,
            },
          ]
        : [],
    alerts: tracker.alerts.filter(({ instances }) => instances.some((member) => member.id === id)),
    commands: tracker.commands.filter((command) => command.instance === id),
    variables: found.variables,
  })
}

function events(query) {
  return [...tracker.events]
    .reverse()
    .filter(
      (event) =>
        (!query.type || event.type === query.type)
        && (!query.fate || event.fates.some(({ kind }) => kind === query.fate))
        && (!query.subject || event.subject === query.subject)
        && (!query.source || event.source === query.source),
    )
}

function eventTypes() {
  return [...groupBy(tracker.events, ({ type }) => type)].map(([type, those]) => ({
    type,
    count: those.length,
    firstSeen: those[0].appendTime,
    lastSeen: those.at(-1).appendTime,
    models: modelDeployed ? ['order-fulfilment'] : [],
  }))
}

function page(response, all, { cursor = '0', limit = '50' }) {
  const from = Number(cursor)
  const to = from + Number(limit)
  json(response, 200, { items: all.slice(from, to), ...(to < all.length && { nextCursor: String(to) }) })
}

function one(response, found) {
  return found === undefined ? problem(response, 404, 'Not found', 'There is nothing here.') : json(response, 200, found)
}

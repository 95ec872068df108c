/**
 * Looks for anything that was lost, doubled or miscounted: reads the log through its public port and the tables through SQL, and works out by
 * its own few lines what should stand there. Shares no code with the tracker, so that one mistake cannot hide another.
 */
import type { Log } from '@tidemark/log'

export interface Queried {
  query<Row extends object>(sql: string, params?: readonly unknown[]): Promise<Row[]>
}

interface LoggedEvent {
  readonly position: string
  readonly key: string
  /** Two under one key are two events of which the second has no right to it. */
  readonly content: string
  readonly type: string
  readonly data: Readonly<Record<string, unknown>>
  /** It says that it happened after the log took it: somebody's clock was wrong, and it counts as of when it was taken. */
  readonly isAhead: boolean
}

export interface Logged {
  readonly events: readonly LoggedEvent[]
  /** Positions of what came in and is no event. */
  readonly unreadable: readonly string[]
  /** How often each command is said to have left. */
  readonly departures: ReadonlyMap<string, number>
}

export async function readLogged(log: Log): Promise<Logged> {
  const events: LoggedEvent[] = []
  const unreadable: string[] = []
  const departures = new Map<string, number>()
  for await (const entries of log.read({ from: 'earliest' })) {
    for (const { position, kind, key, payload, appendTime } of entries) {
      if (kind !== 'event' && kind !== 'settlement') continue
      const content = Buffer.from(payload).toString()
      const body = read(content)
      if (body === undefined) unreadable.push(String(position))
      else if (kind === 'event') {
        events.push({
          position: String(position), key, content, type: String(body['type']), data: (body['data'] ?? {}) as LoggedEvent['data'], isAhead: Date.parse(String(body['time'])) > appendTime,
        })
      }
      else if (body['what'] === 'commandLeft') departures.set(String(body['command']), (departures.get(String(body['command'])) ?? 0) + 1)
    }
  }
  return { events, unreadable, departures }
}

function read(content: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(content) as Record<string, unknown>
  } catch {
    return undefined
  }
}

/**
 * Events that somebody was told are kept, by source, NUL and id: each stands in the log once, and so does other content under its id.
 * @param mayRepeat several wrote in the log at once: what one of them was not told of any more may have come in by another as well
 */
export function lostOrDoubled(acknowledged: Iterable<string>, { events }: Logged, mayRepeat: boolean): string[] {
  const times = new Map<string, Map<string, number>>()
  for (const { key, content } of events) {
    const contents = times.get(key) ?? new Map<string, number>()
    times.set(key, contents.set(content, (contents.get(content) ?? 0) + 1))
  }
  return [...new Set(acknowledged)].flatMap((key) => {
    const found = [...(times.get(key)?.values() ?? [0])]
    return found.every((count) => count === 1 || (mayRepeat && count > 1)) ? [] : [`${show(key)} was acknowledged and is in the log ${found.join(' and ')} times`]
  })
}

/**
 * Every event of the log has one fate in the one model there is, and is tracked where its order is; what is no event, or has the id of another, is
 * quarantined, and what stands there again is a duplicate.
 * @param boundTypes what the model binds; other events leave no row
 */
export async function misplaced(db: Queried, { events, unreadable }: Logged, boundTypes: ReadonlySet<string>): Promise<string[]> {
  const faults: string[] = []
  const tracked = new Map<string, string[]>()
  for (const { position, key } of await db.query<{ position: string; key: string }>(
    `select event.position, instance.key from instance_event event left join instance on instance.id = event.instance where event.kind = 'event'`)) {
    tracked.set(position, [...(tracked.get(position) ?? []), key])
  }
  const fated = new Map<string, string[]>()
  for (const { position, kind } of await db.query<{ position: string; kind: string }>(`select position, kind from event_fate`)) {
    fated.set(position, [...(fated.get(position) ?? []), kind])
  }
  const orderOf = ordersOf(events)
  const contents = new Map<string, Set<string>>()
  for (const event of events) {
    const known = contents.get(event.key) ?? new Set()
    contents.set(event.key, known)
    const isAgain = known.has(event.content)
    const isOther = known.size > 0 && !isAgain
    known.add(event.content)
    const [places, fates] = [tracked.get(event.position) ?? [], fated.get(event.position) ?? []]
    const order = orderOf(event)
    const expected = !boundTypes.has(event.type) ? places.length + fates.length === 0
      // As long as both wait for their order, nobody has either of them, or knows them apart.
      : isOther || isAgain ? (fates.join() === (isOther ? 'quarantined' : 'duplicate') || (order === undefined && fates.join() === 'waiting')) && places.length === 0
      : order === undefined ? fates.join() === 'waiting' && places.length === 0 : fates.length === 0 && places.join() === order
    if (!expected) faults.push(`${show(event.key)} at ${event.position} belongs to ${order ?? 'no order that is known'}: tracked in [${places.join()}], fates [${fates.join()}]`)
  }
  for (const position of unreadable) if (fated.get(position)?.join() !== 'quarantined') faults.push(`what stands at ${position} is no event, and has the fates [${fated.get(position)?.join() ?? ''}]`)
  const known = new Set([...events.map(({ position }) => position), ...unreadable])
  for (const position of [...tracked.keys(), ...fated.keys()]) if (!known.has(position)) faults.push(`nothing stands in the log at ${position}, which the tables know`)
  return faults
}

/** Of which an event counts as of another time than it says, so that it may be out of order. */
export function ordersWithWrongTimes({ events }: Logged): ReadonlySet<string> {
  const orderOf = ordersOf(events)
  return new Set(events.flatMap((event) => (event.isAhead ? (orderOf(event) ?? []) : [])))
}

/** An event says its order, or a parcel that another event said the order of. */
function ordersOf(events: readonly LoggedEvent[]): (event: LoggedEvent) => string | undefined {
  const orderOfParcel = new Map<unknown, string>()
  for (const { data } of events) if (typeof data['orderId'] === 'string' && data['shipmentId'] !== undefined) orderOfParcel.set(data['shipmentId'], data['orderId'])
  return ({ data }) => (typeof data['orderId'] === 'string' ? data['orderId'] : orderOfParcel.get(data['shipmentId']))
}

/** Counters are what counting gives; narrow tables and the instances they belong to say the same. */
export async function miscounted(db: Queried): Promise<string[]> {
  const questions: Readonly<Record<string, string>> = {
    'instances by status':
      `select coalesce(a.model, b.model) as what, a.n as counter, b.n as counted from
         (select model, jsonb_build_array(sum(active), sum(completed), sum(terminated), sum(stuck), sum(late), sum(deviating)) as n from model_count group by model) a
       full join (select model, jsonb_build_array(count(*) filter (where status = 'active'), count(*) filter (where status = 'completed'),
           count(*) filter (where status = 'terminated'), count(*) filter (where stuck), count(*) filter (where late and status = 'active'),
           count(*) filter (where deviations > 0)) as n from instance group by model) b using (model) where a.n is distinct from b.n`,
    'tokens by element':
      `select element as what, a.n as counter, b.n as counted from (select element, sum(tokens) as n from element_count group by element having sum(tokens) <> 0) a
       full join (select element, count(*)::numeric as n from token group by element) b using (element) where a.n is distinct from b.n`,
    'tokens by instance':
      `select i.id::text as what, jsonb_array_length(i.tokens_json::jsonb) as counter, count(t.instance) as counted from instance i left join token t on t.instance = i.id
       group by i.id having jsonb_array_length(i.tokens_json::jsonb) <> count(t.instance)`,
    'rows without their instance':
      `select instance::text as what, 0 as counter, 1 as counted from (select instance from token union all select instance from deviation
         union all select instance from alert_member union all select instance from command) part where not exists (select 1 from instance where id = part.instance)`,
  }
  const faults: string[] = []
  for (const [what, sql] of Object.entries(questions)) {
    for (const row of await db.query<{ what: string; counter: unknown; counted: unknown }>(sql)) {
      faults.push(`${what}: ${row.what} is kept as ${JSON.stringify(row.counter)} and counts to ${JSON.stringify(row.counted)}`)
    }
  }
  return faults
}

export interface ReceivedCommand {
  readonly id: string
  readonly type: string
  readonly order: string
}

/** A decision has one key for ever: what arrived is what left, each step of an order has one command, and each left once. */
export async function wrongCommands(db: Queried, { departures }: Logged, received: readonly ReceivedCommand[]): Promise<string[]> {
  const faults: string[] = []
  const rows = await db.query<{ id: string; key: string; type: string; status: string }>(`select id, key, type, status from command`)
  const known = new Map(rows.map((row) => [row.id, row]))
  const idsOf = new Map<string, Set<string>>()
  for (const { id, type, order } of received) {
    const step = `${type} for ${order}`
    idsOf.set(step, (idsOf.get(step) ?? new Set()).add(id))
    if (!departures.has(id)) faults.push(`${step} was sent as ${id}, and the log does not say that it left`)
    const row = known.get(id)
    if (row === undefined || row.key !== order || row.type !== type) faults.push(`${step} was sent as ${id}, which the tables know as ${JSON.stringify(row)}`)
  }
  for (const [step, ids] of idsOf) if (ids.size > 1) faults.push(`${step} was sent under ${ids.size} keys: ${[...ids].join()}`)
  for (const [id, times] of departures) if (times > 1) faults.push(`${id} left ${times} times`)
  const arrived = new Set(received.map(({ id }) => id))
  for (const { id, status } of rows) if (status === 'delivered' && !arrived.has(id)) faults.push(`${id} is said to be delivered, and nobody got it`)
  return faults
}

function show(key: string): string {
  return key.replace('\0', ' ')
}

/**
 * A database with very many live instances, made in minutes. Some ten thousand orders are really followed: half of them have ended, the others
 * are at every step, with their deadlines armed. Then the rows of each are copied many times, in SQL, under keys of their own: key, identities,
 * shard, positions and all that mentions the key (event ids, aliases, variables) become what the tracker would have written had these orders
 * come too. The log holds clock entries where their events would stand.
 */
import { join } from 'node:path'
import { copyRows } from '../../apps/tracker/dist/store/binary.js'
import { identityInUnit, shardOf, unitOf } from '../../apps/tracker/dist/store/identity.js'
import { openPostgres } from '../../apps/tracker/dist/store/postgres/open-postgres.js'
import { openDatabase } from '../../apps/tracker/dist/store/open-database.js'
import { Progress } from '../../apps/tracker/dist/store/progress.js'
import { ensureShards } from '../../apps/tracker/dist/store/shards.js'
import { Tracker } from '../../apps/tracker/dist/track/tracker.js'
import { generateOrders, modelFile } from '../../examples/order-fulfilment/dist/index.js'
import { EmbeddedLog } from '../../libs/log/dist/index.js'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const { pino } = createRequire(new URL('../../apps/tracker/package.json', import.meta.url))('pino')
const SHARDS = 8
const DAY_MS = 86_400_000
/** An order takes some four and a half days, so that of seven days' orders the younger ones are under way. */
const DAYS = 7
const PADDING_BATCH = 20_000
const EVENTS_BATCH = 500
const COPIES_AT_A_TIME = 10
const LONGEST_STATEMENT_MS = 900_000
/** Nothing of an order comes later than this. */
const LONGEST_MS = 9 * DAY_MS

/**
 * Follows orders of the last days, of which some `live` are under way at the end, behind as many clock entries
 * as `copies` of them would need.
 * @returns the orders that are under way, each with the events that it has still to come, and how many entries their log has
 */
export async function followOrders({ dataDir, databaseUrl, live, copies }) {
  const began = Date.now() - DAYS * DAY_MS
  const clock = { now: began - DAY_MS }
  const log = await EmbeddedLog.open(join(dataDir, 'log'), { clock: () => clock.now })
  const entry = { kind: 'clock', subject: 'clock', payload: new Uint8Array() }
  const pad = Array.from({ length: PADDING_BATCH }, () => entry)
  const database = await openDatabase({ dataDir, databaseUrl })
  await ensureShards(database, SHARDS, log)
  await log.append([{ kind: 'model', subject: 'model', payload: Buffer.from(JSON.stringify({ xml: readFileSync(modelFile, 'utf8'), by: 'bench' })) }])
  await follow(database, log)
  const { drafts, rest } = ordersSoFar(began, live)
  const entries = drafts.length + 1
  for (let left = copies * entries; left > 0; left -= PADDING_BATCH) await log.append(left < PADDING_BATCH ? pad.slice(0, left) : pad, { durability: 'os' })
  // Nobody needs to read what is nothing.
  await database.query(`update shard set position = $1, checksum = ''`, [log.stats().last])
  await appendOrders(log, clock, drafts)
  await follow(database, log)
  const active = new Set((await database.query(`select key from instance where status = 'active'`)).map(({ key }) => key))
  await database.close()
  await log.close()
  return { rest: new Map([...rest].filter(([key]) => active.has(key))), entries }
}

/** The events that have arrived by now, and for each order those that have not. */
function ordersSoFar(began, live) {
  const ordersPerDay = Math.ceil(live / 4.5)
  const run = generateOrders({ orders: ordersPerDay * DAYS, startTime: began, seed: 'many', ordersPerDay, journalOrders: 1 })
  const now = Date.now()
  const rest = new Map()
  const drafts = []
  for (const { at, event } of run.arrivals()) {
    if (at > now + LONGEST_MS) break
    const key = orderOf(event)
    if (at >= now) {
      rest.get(key)?.push(event)
      continue
    }
    if (!rest.has(key)) rest.set(key, [])
    drafts.push({ at, kind: 'event', subject: `event.${event.type}`, key: `${event.source}\0${event.id}`, time: Date.parse(event.time), payload: Buffer.from(JSON.stringify(event)) })
  }
  return { drafts, rest }
}

async function appendOrders(log, clock, drafts) {
  for (let from = 0; from < drafts.length; from += EVENTS_BATCH) {
    const batch = drafts.slice(from, from + EVENTS_BATCH)
    clock.now = batch.at(-1).at
    await log.append(batch, { durability: 'os' })
  }
  clock.now = Date.now()
  await log.append([{ kind: 'clock', subject: 'clock', payload: new Uint8Array() }])
}

/** Until the log has been followed to its end, by everybody, and all that is due by then has been passed. */
async function follow(database, log) {
  const progress = new Progress()
  const tracker = new Tracker({ db: database, log, progress, logger: pino({ level: 'warn' }), alertChannels: [] })
  await tracker.start()
  for (;;) {
    const [{ left }] = await database.query(`select (select count(*) from shard where position < $1) + (select count(*) from model_version where status <> 'active')
      + (select count(*) from deadline where at <= (select max(clock) from shard)) as left`, [log.stats().last])
    if (left === '0') return tracker.stop()
    if (tracker.failure !== undefined) throw tracker.failure
    await new Promise((done) => setTimeout(done, 100))
  }
}

export function orderOf(event) {
  return event.subject.replace(/^S-/, '')
}

/** The name of the nth copy of an order; 0 is the order itself. */
export function copyKey(key, nth) {
  return nth === 0 ? key : `${key}.${nth}`
}

/** Each order so many times more. `entries` as {@link followOrders} answered it. */
export async function copyOrders(databaseUrl, times, entries) {
  const database = await openPostgres(databaseUrl, { queryTimeoutMs: LONGEST_STATEMENT_MS })
  try {
    await copyAll(database, times, entries)
  } finally {
    await database.close()
  }
}

async function copyAll(database, times, entries) {
  const [{ commands }] = await database.query(`select count(*) as commands from command`)
  if (commands !== '0') throw new Error('orders have commands, whose copies would need identities of their own')
  await copyNames(database, times)
  for (const [table, insert] of Object.entries(COPIES)) {
    await database.query(`create unlogged table followed as select * from ${table}`)
    await database.query(`analyze followed`)
    const rebuild = await dropIndexes(database, table)
    // In portions, each within the time that a statement may take.
    for (let nth = 1; nth <= times; nth += COPIES_AT_A_TIME) {
      const portion = `nth between ${nth} and ${nth + COPIES_AT_A_TIME - 1}`
      await database.query(insert.replaceAll('$entries', String(entries)).replace('$portion', `c.${portion}`).replace('$units', `u.${portion}`))
    }
    await database.query(`drop table followed`)
    await rebuild()
  }
  const counters = {
    model_count: ['active', 'completed', 'terminated', 'stuck', 'late', 'deviating'], element_count: ['tokens', 'stuck', 'late', 'deviating', 'visits'], flow_count: ['count'],
    element_duration: ['count'], event_type: ['count'],
  }
  for (const [table, columns] of Object.entries(counters)) await database.query(`update ${table} set ${columns.map((column) => `${column} = ${column} * ${times + 1}`).join(', ')}`)
  await database.query(`drop table copied_unit, copied_instance`)
  await database.query(`vacuum analyze`)
}

/** Which unit and instance becomes which, worked out here by the tracker's own functions. */
async function copyNames(database, times) {
  await database.query(`create unlogged table copied_unit (base uuid, nth int, old_key text, key text, unit uuid, shard int)`)
  await database.query(`create unlogged table copied_instance (base uuid, nth int, key text, id uuid)`)
  const units = await database.query(`select distinct unit, model, key from instance`)
  for (const { unit, model, key } of units) if (unitOf(model, key) !== unit) throw new Error(`the unit of ${key} is not what it is thought to be`)
  const firsts = await database.query(`select distinct on (e.instance) e.instance as id, i.model, i.key, e.source, e.event_id from instance_event e join instance i on i.id = e.instance
    where e.kind = 'event' order by e.instance, e.time, e.source, e.position`)
  const known = firsts.filter(({ id, model, key, source, event_id }) => identityInUnit([model, key, source, event_id]) === id)
  // Of a few the first event is one that belongs to no step; they are left out.
  if (known.length < firsts.length * 0.99) throw new Error('instances are not identified by their first events')
  const copied = new Set(known.map(({ model, key }) => unitOf(model, key)))
  for (let nth = 1; nth <= times; nth++) {
    await database.transaction((tx) => Promise.all([
      tx.copy('copy copied_unit from stdin (format binary)', copyRows(units.filter(({ unit }) => copied.has(unit)), 6, (row, { unit, model, key }) => {
        const own = copyKey(key, nth)
        row.uuid(unit).int(nth).text(key).text(own).uuid(unitOf(model, own)).int(shardOf(own, SHARDS))
      })),
      tx.copy('copy copied_instance from stdin (format binary)', copyRows(known, 4, (row, { id, model, key, source, event_id }) => {
        const own = copyKey(key, nth)
        row.uuid(id).int(nth).text(own).uuid(identityInUnit([model, own, source, event_id.replace(key, own)]))
      })),
    ]))
  }
  await database.query(`create index on copied_unit (base)`)
  await database.query(`create index on copied_instance (base)`)
  await database.query(`analyze copied_unit`)
  await database.query(`analyze copied_instance`)
}

const COPIES = {
  instance: `insert into instance (id, unit, run, shard, model, version, key, former_ids, status, stuck, late, deviations, settling, approximate,
      started_at, last_event_at, ended_at, shown_at, position, tokens_json, variables_json)
    select c.id, u.unit, i.run, u.shard, i.model, i.version, u.key, '{}', i.status, i.stuck, i.late, i.deviations, i.settling, i.approximate,
      i.started_at + u.nth, i.last_event_at + u.nth, i.ended_at + u.nth, i.shown_at, i.position - u.nth * $entries::bigint, i.tokens_json, replace(i.variables_json, u.old_key, u.key)
    from copied_unit u join followed i on i.unit = u.base join copied_instance c on c.base = i.id and c.nth = u.nth where $portion order by u.nth desc, i.position`,
  instance_event: `insert into instance_event (unit, position, kind, time, append_time, source, event_id, type, sequence, content_hash, labels_json, patch_json, instance, element, phase, reading)
    select u.unit, e.position - u.nth * $entries::bigint, e.kind, e.time + u.nth, e.append_time + u.nth, e.source, replace(e.event_id, u.old_key, u.key), e.type, e.sequence, e.content_hash, e.labels_json,
      replace(e.patch_json, u.old_key, u.key), c.id, e.element, e.phase, e.reading
    from copied_unit u join followed e on e.unit = u.base left join copied_instance c on c.base = e.instance and c.nth = u.nth where $units order by u.nth desc, e.position`,
  token: `insert into token (instance, element, n, shard, model, version, since, stuck, late)
    select c.id, t.element, t.n, t.shard, t.model, t.version, t.since + c.nth, t.stuck, t.late from copied_instance c join followed t on t.instance = c.base where $portion`,
  deadline: `insert into deadline (unit, shard, at, model, key)
    select u.unit, u.shard, d.at + u.nth, d.model, case when d.key is null then null else u.key end from copied_unit u join followed d on d.unit = u.base where $units`,
  deviation: `insert into deviation (instance, kind, element, item, at, count, provisional, accepted)
    select c.id, d.kind, d.element, d.item, d.at + c.nth, d.count, d.provisional, d.accepted from copied_instance c join followed d on d.instance = c.base where $portion`,
  instance_key: `insert into instance_key (model, name, value, unit, primary_key, learned_at)
    select k.model, k.name, replace(k.value, u.old_key, u.key), u.unit, u.key, k.learned_at - u.nth * $entries::bigint from copied_unit u join followed k on k.unit = u.base where $units`,
  alert_member: `insert into alert_member (alert, instance, since, joined_at, silent)
    select m.alert, c.id, m.since + c.nth, m.joined_at, m.silent from copied_instance c join followed m on m.instance = c.base where $portion`,
}

/** Indexes are made again behind the rows. */
async function dropIndexes(database, table) {
  const indexes = await database.query(
    `select c.relname as name, pg_get_indexdef(i.indexrelid) as definition, i.indisprimary as primary from pg_index i join pg_class c on c.oid = i.indexrelid where i.indrelid = $1::regclass`, [table])
  for (const { name, primary } of indexes) {
    await database.query(primary ? `alter table ${table} drop constraint ${name}` : `drop index ${name}`)
  }
  return async () => {
    for (const { name, definition, primary } of indexes) {
      await database.query(definition)
      if (primary) await database.query(`alter table ${table} add primary key using index ${name}`)
    }
  }
}

/** The statements that write what a batch changed: set-based, one per table, sorted by key. All are issued at once and share a round trip. */
import type { Queryable } from '../database.js'
import type { Changes } from './changes.js'

export async function commitChanges(tx: Queryable, changes: Changes): Promise<void> {
  await Promise.all([
    ...insertFacts(tx, changes), ...updateReadings(tx, changes),
    ...deleteInstances(tx, changes), ...upsertInstances(tx, changes),
    ...replaceTokens(tx, changes), ...replaceDeviations(tx, changes), ...moveDeadlines(tx, changes),
    ...addCounts(tx, changes), ...changeAlerts(tx, changes), ...changeCommands(tx, changes),
  ])
}

type Statements = Promise<unknown>[]

function column<Row, Value>(rows: readonly Row[], value: (row: Row) => Value): Value[] {
  return rows.map(value)
}

/** New facts carry their reading at once; only those of older ones are updated. */
function insertFacts(tx: Queryable, { facts, readings }: Changes): Statements {
  if (facts.length === 0) return []
  const readingOf = new Map(readings.map((row) => [`${row.unit} ${row.position}`, row]))
  const rows = facts.map((row) => ({ ...row, read: readingOf.get(`${row.unit} ${row.fact.position}`) }))
    .sort((a, b) => compare(a.unit, b.unit) || compare(a.fact.position, b.fact.position))
  return [tx.query(
    `insert into instance_event (unit, position, kind, time, append_time, source, event_id, type, sequence, content_hash, labels, patch, instance, element, phase, reading)
     select unit, position, kind, time, append_time, source, event_id, type, sequence, content_hash, labels::jsonb, patch::jsonb, instance, element, phase, reading
     from unnest($1::uuid[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[],
       $13::uuid[], $14::text[], $15::text[], $16::text[])
       as row (unit, position, kind, time, append_time, source, event_id, type, sequence, content_hash, labels, patch, instance, element, phase, reading)
     on conflict do nothing`,
    [
      column(rows, (row) => row.unit), column(rows, (row) => row.fact.position), column(rows, (row) => row.fact.kind), column(rows, (row) => row.fact.time),
      column(rows, (row) => row.fact.appendTime), column(rows, (row) => row.fact.source), column(rows, (row) => row.fact.id), column(rows, (row) => row.fact.type),
      column(rows, (row) => row.fact.sequence ?? null), column(rows, (row) => row.contentHash), column(rows, (row) => labelsText(row.fact.labels)),
      column(rows, (row) => patchText(row.fact)), column(rows, (row) => row.read?.instance ?? null), column(rows, (row) => row.read?.element ?? null),
      column(rows, (row) => row.read?.phase ?? null), column(rows, (row) => row.read?.reading ?? null),
    ],
  )]
}

/** Most labels repeat: their JSON is made once. */
const labelTexts = new Map<string, string>()
const MAX_LABEL_TEXTS = 10_000

function labelsText(labels: Readonly<Record<string, readonly string[]>>): string {
  let key = ''
  for (const version in labels) key += `${version}:${labels[version]?.join(',') ?? ''};`
  const known = labelTexts.get(key)
  if (known !== undefined) return known
  // NUL parts an element from its phase; in the table a tab does.
  const text = JSON.stringify(labels).replaceAll('\\u0000', '\\t')
  if (labelTexts.size > MAX_LABEL_TEXTS) labelTexts.clear()
  labelTexts.set(key, text)
  return text
}

/** Of events: the variables they set. Of the others: what they say. */
function patchText(fact: Changes['facts'][number]['fact']): string | null {
  if (fact.kind === 'event') return fact.patch === undefined ? null : JSON.stringify(fact.patch)
  const { command, element, outcome, by, note } = fact
  return JSON.stringify({ command, element, outcome, by, note })
}

function updateReadings(tx: Queryable, { facts, readings: all }: Changes): Statements {
  const fresh = new Set(facts.map((row) => `${row.unit} ${row.fact.position}`))
  const readings = all.filter((row) => !fresh.has(`${row.unit} ${row.position}`))
  if (readings.length === 0) return []
  return [tx.query(
    `update instance_event as event set instance = row.instance, element = row.element, phase = row.phase, reading = row.reading
     from unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::text[], $5::text[], $6::text[]) as row (unit, position, instance, element, phase, reading)
     where event.unit = row.unit and event.position = row.position`,
    [
      column(readings, (row) => row.unit), column(readings, (row) => row.position), column(readings, (row) => row.instance), column(readings, (row) => row.element),
      column(readings, (row) => row.phase), column(readings, (row) => row.reading),
    ],
  )]
}

function deleteInstances(tx: Queryable, { goneInstances }: Changes): Statements {
  return goneInstances.length === 0 ? [] : [tx.query(`delete from instance where id = any($1::uuid[])`, [goneInstances])]
}

function upsertInstances(tx: Queryable, { instances }: Changes): Statements {
  if (instances.length === 0) return []
  const rows = [...instances].sort((a, b) => compare(a.id, b.id))
  return [tx.query(
    `insert into instance (id, unit, run, shard, model, version, key, former_ids, status, stuck, late, deviations, settling, approximate,
       started_at, last_event_at, ended_at, shown_at, position, tokens, variables)
     select id, unit, run, shard, model, version, key, former_ids::uuid[], status, stuck, late, deviations, settling, approximate,
       started_at, last_event_at, ended_at, shown_at, position, tokens::jsonb, variables::jsonb
     from unnest($1::uuid[], $2::uuid[], $3::int[], $4::int[], $5::text[], $6::int[], $7::text[], $8::text[], $9::text[], $10::boolean[], $11::boolean[], $12::int[],
       $13::boolean[], $14::boolean[], $15::bigint[], $16::bigint[], $17::bigint[], $18::bigint[], $19::bigint[], $20::text[], $21::text[])
       as row (id, unit, run, shard, model, version, key, former_ids, status, stuck, late, deviations, settling, approximate,
         started_at, last_event_at, ended_at, shown_at, position, tokens, variables)
     on conflict (id) do update set
       run = excluded.run, version = excluded.version, former_ids = instance.former_ids || excluded.former_ids, status = excluded.status, stuck = excluded.stuck,
       late = excluded.late, deviations = excluded.deviations, settling = excluded.settling, approximate = excluded.approximate, started_at = excluded.started_at,
       last_event_at = excluded.last_event_at, ended_at = excluded.ended_at, shown_at = excluded.shown_at, position = excluded.position,
       tokens = excluded.tokens, variables = excluded.variables`,
    [
      column(rows, (row) => row.id), column(rows, (row) => row.unit), column(rows, (row) => row.run), column(rows, (row) => row.shard), column(rows, (row) => row.model),
      column(rows, (row) => row.version), column(rows, (row) => row.key), column(rows, (row) => `{${row.formerIds.join(',')}}`), column(rows, (row) => row.status),
      column(rows, (row) => row.stuck), column(rows, (row) => row.late), column(rows, (row) => row.deviations), column(rows, (row) => row.settling),
      column(rows, (row) => row.approximate), column(rows, (row) => row.startedAt), column(rows, (row) => row.lastEventAt), column(rows, (row) => row.endedAt),
      column(rows, (row) => row.shownAt), column(rows, (row) => row.position), column(rows, (row) => row.tokens), column(rows, (row) => row.variables),
    ],
  )]
}

function replaceTokens(tx: Queryable, { tokens }: Changes): Statements {
  if (tokens.length === 0) return []
  const rows = tokens.flatMap(({ instance, rows: own }) => own.map((row) => ({ instance, ...row }))).sort((a, b) => compare(a.instance, b.instance) || compare(a.element, b.element))
  return [
    tx.query(`delete from token where instance = any($1::uuid[])`, [column(tokens, (row) => row.instance)]),
    ...(rows.length === 0 ? [] : [tx.query(
      `insert into token (instance, element, n, shard, model, version, since, stuck, late)
       select * from unnest($1::uuid[], $2::text[], $3::int[], $4::int[], $5::text[], $6::int[], $7::bigint[], $8::boolean[], $9::boolean[])`,
      [
        column(rows, (row) => row.instance), column(rows, (row) => row.element), column(rows, (row) => row.n), column(rows, (row) => row.shard), column(rows, (row) => row.model),
        column(rows, (row) => row.version), column(rows, (row) => row.since), column(rows, (row) => row.stuck), column(rows, (row) => row.late),
      ],
    )]),
  ]
}

function replaceDeviations(tx: Queryable, { deviations }: Changes): Statements {
  if (deviations.length === 0) return []
  const rows = deviations.flatMap(({ instance, rows: own }) => own.map((row) => ({ instance, ...row })))
  return [
    tx.query(`delete from deviation where instance = any($1::uuid[])`, [column(deviations, (row) => row.instance)]),
    ...(rows.length === 0 ? [] : [tx.query(
      `insert into deviation (instance, kind, element, at, count, provisional, accepted)
       select * from unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::int[], $6::boolean[], $7::boolean[])`,
      [
        column(rows, (row) => row.instance), column(rows, (row) => row.kind), column(rows, (row) => row.element), column(rows, (row) => row.at), column(rows, (row) => row.count),
        column(rows, (row) => row.provisional), column(rows, (row) => row.accepted),
      ],
    )]),
  ]
}

function moveDeadlines(tx: Queryable, { deadlines, goneDeadlines }: Changes): Statements {
  const rows = [...deadlines].sort((a, b) => compare(a.unit, b.unit))
  return [
    ...(goneDeadlines.length === 0 ? [] : [tx.query(`delete from deadline where unit = any($1::uuid[])`, [goneDeadlines])]),
    ...(rows.length === 0 ? [] : [tx.query(
      `insert into deadline (unit, shard, at) select * from unnest($1::uuid[], $2::int[], $3::bigint[]) on conflict (unit) do update set at = excluded.at`,
      [column(rows, (row) => row.unit), column(rows, (row) => row.shard), column(rows, (row) => row.at)],
    )]),
  ]
}

function addCounts(tx: Queryable, { models, elements, flows, durations }: Changes): Statements {
  const statements: Statements = []
  const totals = [...models].sort(([a], [b]) => compare(a, b)).map(([, row]) => row)
  if (totals.length > 0) {
    statements.push(tx.query(
      `insert into model_count (shard, model, version, active, completed, terminated, stuck, late, deviating, last_event_at)
       select * from unnest($1::int[], $2::text[], $3::int[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[])
       on conflict (shard, model, version) do update set active = model_count.active + excluded.active, completed = model_count.completed + excluded.completed,
         terminated = model_count.terminated + excluded.terminated, stuck = model_count.stuck + excluded.stuck, late = model_count.late + excluded.late,
         deviating = model_count.deviating + excluded.deviating, last_event_at = greatest(model_count.last_event_at, excluded.last_event_at)`,
      [
        column(totals, (row) => row.shard), column(totals, (row) => row.model), column(totals, (row) => row.version), column(totals, (row) => row.active),
        column(totals, (row) => row.completed), column(totals, (row) => row.terminated), column(totals, (row) => row.stuck), column(totals, (row) => row.late),
        column(totals, (row) => row.deviating), column(totals, (row) => row.lastEventAt),
      ],
    ))
  }
  const counts = [...elements].filter(([, row]) => row.tokens !== 0 || row.stuck !== 0 || row.late !== 0 || row.deviating !== 0 || row.visits !== 0)
    .sort(([a], [b]) => compare(a, b)).map(([, row]) => row)
  if (counts.length > 0) {
    statements.push(tx.query(
      `insert into element_count (shard, model, version, element, tokens, stuck, late, deviating, visits)
       select * from unnest($1::int[], $2::text[], $3::int[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[])
       on conflict (shard, model, version, element) do update set tokens = element_count.tokens + excluded.tokens, stuck = element_count.stuck + excluded.stuck,
         late = element_count.late + excluded.late, deviating = element_count.deviating + excluded.deviating, visits = element_count.visits + excluded.visits`,
      [
        column(counts, (row) => row.shard), column(counts, (row) => row.model), column(counts, (row) => row.version), column(counts, (row) => row.element),
        column(counts, (row) => row.tokens), column(counts, (row) => row.stuck), column(counts, (row) => row.late), column(counts, (row) => row.deviating), column(counts, (row) => row.visits),
      ],
    ))
  }
  const taken = [...flows].filter(([, row]) => row.count !== 0).sort(([a], [b]) => compare(a, b)).map(([, row]) => row)
  if (taken.length > 0) {
    statements.push(tx.query(
      `insert into flow_count (shard, model, version, flow, count) select * from unnest($1::int[], $2::text[], $3::int[], $4::text[], $5::bigint[])
       on conflict (shard, model, version, flow) do update set count = flow_count.count + excluded.count`,
      [column(taken, (row) => row.shard), column(taken, (row) => row.model), column(taken, (row) => row.version), column(taken, (row) => row.flow), column(taken, (row) => row.count)],
    ))
  }
  const stays = [...durations].filter(([, row]) => row.count !== 0).sort(([a], [b]) => compare(a, b)).map(([, row]) => row)
  if (stays.length > 0) {
    statements.push(tx.query(
      `insert into element_duration (shard, model, version, element, bucket, count) select * from unnest($1::int[], $2::text[], $3::int[], $4::text[], $5::int[], $6::bigint[])
       on conflict (shard, model, version, element, bucket) do update set count = element_duration.count + excluded.count`,
      [
        column(stays, (row) => row.shard), column(stays, (row) => row.model), column(stays, (row) => row.version), column(stays, (row) => row.element),
        column(stays, (row) => row.bucket), column(stays, (row) => row.count),
      ],
    ))
  }
  return statements
}

function changeAlerts(tx: Queryable, { alerts, members, goneMembers }: Changes): Statements {
  const statements: Statements = []
  const causes = [...alerts.values()].sort((a, b) => compare(a.id, b.id))
  if (causes.length > 0) {
    statements.push(tx.query(
      `insert into alert (id, kind, severity, model, element, title, status, total, last_at)
       select id, kind, severity, model, element, title, 'quiet', joined, last_at
       from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::bigint[])
         as row (id, kind, severity, model, element, title, joined, last_at)
       on conflict (id) do update set total = alert.total + excluded.total, last_at = excluded.last_at, severity = excluded.severity, title = excluded.title`,
      [
        column(causes, (row) => row.id), column(causes, (row) => row.kind), column(causes, (row) => row.severity), column(causes, (row) => row.model),
        column(causes, (row) => row.element), column(causes, (row) => row.title), column(causes, (row) => row.joined), column(causes, (row) => row.lastAt),
      ],
    ))
  }
  if (goneMembers.length > 0) {
    statements.push(tx.query(
      `delete from alert_member as member using unnest($1::uuid[], $2::uuid[]) as row (alert, instance) where member.alert = row.alert and member.instance = row.instance`,
      [column(goneMembers, (row) => row.alert), column(goneMembers, (row) => row.instance)],
    ))
  }
  if (members.length > 0) {
    statements.push(tx.query(
      `insert into alert_member (alert, instance, since, joined_at, silent) select * from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[], $5::boolean[])
       on conflict (alert, instance) do nothing`,
      [
        column(members, (row) => row.alert), column(members, (row) => row.instance), column(members, (row) => row.since), column(members, (row) => row.joinedAt),
        column(members, (row) => row.silent),
      ],
    ))
  }
  return statements
}

function changeCommands(tx: Queryable, { commands, goneCommands }: Changes): Statements {
  const statements: Statements = []
  const written = new Set(commands.map((row) => row.id))
  const gone = goneCommands.filter((id) => !written.has(id))
  if (gone.length > 0) statements.push(tx.query(`delete from command where id = any($1::uuid[])`, [gone]))
  const rows = [...commands].sort((a, b) => compare(a.id, b.id))
  if (rows.length > 0) {
    statements.push(tx.query(
      `insert into command (id, unit, instance, shard, model, version, key, element, cause, type, target, data, status, decided_at, leaves_at, left_at, delivered_at, note)
       select id, unit, instance, shard, model, version, key, element, cause, type, target, data::jsonb, status, decided_at, leaves_at, left_at, delivered_at, note
       from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int[], $5::text[], $6::int[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[],
         $13::text[], $14::bigint[], $15::bigint[], $16::bigint[], $17::bigint[], $18::text[])
         as row (id, unit, instance, shard, model, version, key, element, cause, type, target, data, status, decided_at, leaves_at, left_at, delivered_at, note)
       on conflict (id) do update set instance = excluded.instance, cause = excluded.cause, status = excluded.status, leaves_at = excluded.leaves_at,
         left_at = excluded.left_at, delivered_at = excluded.delivered_at, note = excluded.note,
         data = case when command.left_at is null then excluded.data else command.data end, decided_at = excluded.decided_at,
         next_attempt_at = case when excluded.status = 'sending' and command.status not in ('sending', 'failed') then now() else command.next_attempt_at end`,
      [
        column(rows, (row) => row.id), column(rows, (row) => row.unit), column(rows, (row) => row.instance), column(rows, (row) => row.shard), column(rows, (row) => row.model),
        column(rows, (row) => row.version), column(rows, (row) => row.key), column(rows, (row) => row.element), column(rows, (row) => clean(row.cause)), column(rows, (row) => row.type),
        column(rows, (row) => row.target), column(rows, (row) => row.data), column(rows, (row) => row.status), column(rows, (row) => row.decidedAt), column(rows, (row) => row.leavesAt),
        column(rows, (row) => row.leftAt), column(rows, (row) => row.deliveredAt), column(rows, (row) => row.note),
      ],
    ))
  }
  return statements
}

/** Causes name a source and an id with NUL between them, which Postgres does not take. */
function clean(cause: string): string {
  return cause.replaceAll('\u0000', ' ')
}

function compare(a: string | bigint, b: string | bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}

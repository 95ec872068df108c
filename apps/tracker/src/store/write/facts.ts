/** What was extracted from entries, and how each was read. */
import type { Fact } from '@tidemark/bpmn'
import { bigints, copyRows, texts, uuids } from '../binary.js'
import type { Queryable, Writing } from '../database.js'
import type { Changes, FactRow } from './changes.js'
import type { Statements } from './rows.js'

/**
 * New facts carry their reading at once; those of older ones are updated.
 * @param careful facts that should be new may be there already
 */
export function writeFacts(tx: Writing, { facts, readings }: Changes, careful: boolean): Statements {
  return [...(careful ? deleteFacts(tx, facts) : []), ...copyFacts(tx, facts), ...updateReadings(tx, readings)]
}

function deleteFacts(tx: Queryable, rows: readonly FactRow[]): Statements {
  if (rows.length === 0) return []
  return [tx.query(
    `delete from instance_event as event using unnest($1::uuid[], $2::bigint[]) as row (unit, position) where event.unit = row.unit and event.position = row.position`,
    [uuids(rows, (row) => row.unit), bigints(rows, (row) => row.fact.position)],
  )]
}

function copyFacts(tx: Writing, rows: readonly FactRow[]): Statements {
  if (rows.length === 0) return []
  return [tx.copy(
    `copy instance_event (unit, position, kind, time, append_time, source, event_id, type, sequence, content_hash, labels_json, patch_json, instance, element, phase, reading) from stdin (format binary)`,
    copyRows(rows, 16, (row, { unit, fact, contentHash, patchJson, read }) => {
      row.uuid(unit).bigint(fact.position).text(fact.kind).bigint(fact.time).bigint(fact.appendTime).text(fact.source).text(fact.id).text(fact.type).text(fact.sequence ?? null)
        .text(contentHash).text(labelsText(fact.labels))
      if (patchJson === undefined) row.json(patchOf(fact))
      else row.jsonBytes(patchJson)
      row.uuid(read?.instance ?? null).text(read?.element ?? null).text(read?.phase ?? null).text(read?.reading ?? null)
    }),
  )]
}

/** Facts of a type share their labels: their JSON is made once. */
const labelTexts = new WeakMap<object, string>()

function labelsText(labels: Fact['labels']): string {
  const known = labelTexts.get(labels)
  if (known !== undefined) return known
  // NUL parts an element from its phase; in the table a tab does.
  const text = JSON.stringify(labels).replaceAll('\\u0000', '\\t')
  labelTexts.set(labels, text)
  return text
}

/** Of events: the variables they set. Of the others: what they say. */
function patchOf(fact: Fact): unknown {
  if (fact.kind === 'event') return fact.patch
  const { command, element, outcome, by, note, patch } = fact
  return { command, element, outcome, by, note, patch }
}

function updateReadings(tx: Queryable, readings: Changes['readings']): Statements {
  if (readings.length === 0) return []
  return [tx.query(
    `update instance_event as event set instance = row.instance, element = row.element, phase = row.phase, reading = row.reading
     from unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::text[], $5::text[], $6::text[]) as row (unit, position, instance, element, phase, reading)
     where event.unit = row.unit and event.position = row.position`,
    [
      uuids(readings, (row) => row.unit), bigints(readings, (row) => row.position), uuids(readings, (row) => row.instance), texts(readings, (row) => row.element),
      texts(readings, (row) => row.phase), texts(readings, (row) => row.reading),
    ],
  )]
}

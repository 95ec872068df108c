import type { InstanceSummary } from '@tidemark/api'
import type { InstanceRow, TokenColumn } from '../store/read/instances.js'
import { nameOf } from './processes.js'
import type { NamedProcess } from './processes.js'
import { rfc3339 } from './times.js'

/** Kinds of element that other tokens may be within. */
const SCOPES: ReadonlySet<string> = new Set(['subProcess', 'transaction', 'adHocSubProcess'])

/** An instance as lists show it. */
export function showInstance(row: InstanceRow, process: NamedProcess | undefined): InstanceSummary {
  return {
    id: row.id, model: row.model, version: row.version,
    key: row.key, keys: keysOf(row, process),
    status: row.status, stuck: row.stuck, late: row.late, deviations: row.deviations,
    settling: row.settling, approximate: row.approximate,
    startedAt: rfc3339(row.started_at), lastEventAt: rfc3339(row.last_event_at),
    ...(row.ended_at === null ? {} : { endedAt: rfc3339(row.ended_at) }),
    tokens: row.tokens.map((token) => showToken(token, process)),
  }
}

/** The primary key first, under the name that the model gives it; then the aliases. */
function keysOf({ key, keys }: InstanceRow, process: NamedProcess | undefined): InstanceSummary['keys'] {
  const primary = { name: process?.process.keys[0]?.name ?? 'key', value: key }
  const aliases = keys.filter(([name, value]) => name !== primary.name || value !== primary.value)
  return [primary, ...aliases.map(([name, value]) => ({ name, value }))]
}

function showToken(token: TokenColumn, process: NamedProcess | undefined): InstanceSummary['tokens'][number] {
  return {
    element: token.element, name: nameOf(process, token.element), since: rfc3339(token.since),
    ...(token.dueAt === undefined ? {} : { dueAt: rfc3339(token.dueAt) }),
    stuck: token.stuck ?? false, late: token.late ?? false,
    ...(token.undecided === undefined ? {} : { undecided: [...token.undecided] }),
    ...(token.item === undefined ? {} : { item: token.item }),
    ...(SCOPES.has(process?.elements.get(token.element)?.kind ?? '') ? { scope: true } : {}),
  }
}

/** What one batch writes, as rows. Made by track/core, written by commit-changes.ts. */
import type { Fact } from '@tidemark/bpmn'
import type { FaultRow } from './faults.js'

/** Rows to write, for all units of a batch. */
export interface Changes {
  facts: FactRow[]
  /** Of facts that were written before. */
  readings: (ReadingRow & { unit: string; position: bigint })[]
  instances: InstanceRow[]
  goneInstances: string[]
  /** Those that are new or not as they were, and those that were. */
  tokens: TokenRow[]
  goneTokens: { instance: string; element: string; n: number }[]
  /** All of an instance; `had`: there are rows to be replaced. */
  deviations: { instance: string; had: boolean; rows: DeviationRow[] }[]
  /** `model` and `key` where the unit has no instance that would say them. */
  deadlines: { unit: string; shard: number; at: number; model: string | null; key: string | null }[]
  goneDeadlines: string[]
  /** Units that cannot be folded, and those that can be again. */
  faults: FaultRow[]
  mended: string[]
  /** By shard, version and model. */
  counts: Map<string, VersionCounts>
  alerts: Map<string, AlertCause>
  members: { alert: string; instance: string; since: number; joinedAt: number; silent: boolean }[]
  goneMembers: { alert: string; instance: string }[]
  /** Of events that a unit keeps out of its instances. */
  fates: { position: bigint; model: string; kind: string; reason: string }[]
  goneFates: { position: bigint; model: string }[]
  commands: CommandRow[]
  goneCommands: string[]
  moves: { model: string; version: number; instance: string; key: string; flows: readonly string[] }[]
}

/** `patchJson`: of an event, the bytes to store, where they are at hand. */
export interface FactRow { unit: string; fact: Fact; contentHash: string; patchJson?: Uint8Array | undefined; read: ReadingRow | undefined }
export interface ReadingRow { instance: string; element: string | null; phase: string | null; reading: string }
export interface InstanceRow {
  /** Not in the table yet. */
  isNew: boolean
  id: string; unit: string; run: number; shard: number; model: string; version: number; key: string; formerIds: readonly string[]; status: string
  stuck: boolean; late: boolean; deviations: number; settling: boolean; approximate: boolean
  startedAt: number; lastEventAt: number; endedAt: number | null; closedAt: number | null; shownAt: number; position: bigint; tokens: unknown
  /** Null: as they are in the table. */
  variables: unknown
}
export interface TokenRow { instance: string; element: string; n: number; shard: number; model: string; version: number; since: number; stuck: boolean; late: boolean }
/** `item`: '' where it is of none. */
export interface DeviationRow { kind: string; element: string; item: string; at: number; count: number; provisional: boolean; accepted: boolean }
/** Differences, not totals. */
export interface VersionCounts {
  shard: number
  model: string
  version: number
  total: ModelCount
  elements: Map<string, ElementCount>
  flows: Map<string, number>
  /** Per element: how many stays fall into a bucket. */
  durations: Map<string, Map<number, number>>
}
export interface ModelCount { active: number; completed: number; terminated: number; stuck: number; late: number; deviating: number; lastEventAt: number }
export interface ElementCount { tokens: number; stuck: number; late: number; deviating: number; visits: number }
export interface AlertCause { id: string; kind: string; severity: string; model: string; element: string; title: string }
export interface CommandRow {
  id: string; unit: string; instance: string; shard: number; model: string; version: number; key: string; element: string; cause: string; type: string
  target: string | null; data: string; status: string; decidedAt: number; leavesAt: number; leftAt: number | null; deliveredAt: number | null; note: string | null
}

export function noChanges(): Changes {
  return {
    facts: [], readings: [], instances: [], goneInstances: [], tokens: [], goneTokens: [], deviations: [], deadlines: [], goneDeadlines: [], faults: [], mended: [], counts: new Map(),
    alerts: new Map(), members: [], goneMembers: [], fates: [], goneFates: [], commands: [], goneCommands: [], moves: [],
  }
}


import type { Log } from '@tidemark/log'
import { Counter, Gauge, Registry, collectDefaultMetrics } from 'prom-client'
import type { Clock } from '../clock.js'
import { snapshotDir, type Settings } from '../config.js'
import type { Policy } from '../policy/policy.js'
import type { Database } from '../store/database.js'
import { lagOf } from '../store/lag.js'
import type { Progress } from '../store/progress.js'
import { readAllModelCounts } from '../store/read/models.js'
import { readOutbox, readTotals } from '../store/read/totals.js'
import { listSnapshots, sizeOf } from '../store/snapshot/files.js'
import { readSnapshotJob } from '../store/snapshot/job.js'
import type { WaysIn } from '../store/ways-in.js'
import { readMembers } from '../store/write/members.js'
import { version } from '../version.js'

/** A label value costs memory in every system that stores it: no more models than this, and never an instance. */
const MODELS = 200

export interface MetricsContext {
  readonly db: Database
  readonly log: Log
  readonly progress: Progress
  readonly clock: Clock
  readonly policy: Policy
  readonly waysIn: WaysIn
  readonly settings: Pick<Settings, 'snapshots' | 'dataDir'>
}

/**
 * What Prometheus scrapes. Figures that outlive the process (events, instances, what waits in the outbox) are read from the tables at each
 * scrape with a few statements, so they are right after a restart; those of the process itself come from the client's defaults.
 */
export class Metrics {
  readonly #registry = new Registry()
  readonly #events = new Counter({
    name: 'tidemark_events_followed_total', help: 'Events that were followed since the beginning of the log', registers: [this.#registry],
  })
  readonly #head = this.#gauge('tidemark_log_entries', 'Entries in the log')
  readonly #size = this.#gauge('tidemark_log_size_bytes', 'Size of the log')
  readonly #pending = this.#gauge('tidemark_log_pending_bytes', 'Bytes that wait to be written to the log')
  readonly #lagEntries = this.#gauge('tidemark_log_lag_events', 'Entries that are in the log and not followed yet')
  readonly #lagSeconds = this.#gauge('tidemark_log_lag_seconds', 'How far following is behind the newest entry')
  readonly #following = this.#gauge('tidemark_following', 'Whether following goes on; 0 where it has stopped and needs a person')
  readonly #fenced = new Counter({
    name: 'tidemark_fenced_writes_total', help: 'Commits that wrote nothing, because another tracker had taken a shard over', registers: [this.#registry],
  })
  readonly #kept = this.#gauge('tidemark_instances_in_memory_bytes', 'What the instances that are kept in memory count for, by an estimate')
  readonly #owned = this.#gauge('tidemark_shards_owned', 'Shards that this tracker follows')
  readonly #members = this.#gauge('tidemark_members', 'Trackers that share the log and live; 0 where one has it for itself')
  readonly #instances = this.#gauge('tidemark_instances', 'Instances by model and state', ['process', 'state'])
  readonly #stuck = this.#gauge('tidemark_instances_stuck', 'Instances that wait too long', ['process'])
  readonly #late = this.#gauge('tidemark_instances_late', 'Instances past a deadline', ['process'])
  readonly #deviating = this.#gauge('tidemark_instances_deviating', 'Instances with deviations that count', ['process'])
  readonly #history = new Counter({
    name: 'tidemark_history_dropped_instances_total', help: 'Keys whose instances were dropped, since the beginning of the log', registers: [this.#registry],
  })
  readonly #alerts = this.#gauge('tidemark_alerts_open', 'Open alerts')
  readonly #fetched = new Counter({
    name: 'tidemark_way_in_events_total', help: 'Events that a way in fetched by itself, since the process started', labelNames: ['way'], registers: [this.#registry],
  })
  readonly #failing = this.#gauge('tidemark_way_in_failing', 'Whether a way in that fetches events fails at the moment', ['way'])
  readonly #outbox = this.#gauge('tidemark_outbox_pending', 'Messages that wait to be sent', ['channel'])
  readonly #oldest = this.#gauge('tidemark_outbox_oldest_seconds', 'How long the longest of them has been due', ['channel'])

  readonly #snapshots = this.#gauge('tidemark_snapshots', 'Snapshots on disk, by what was found when they were checked', ['found'])
  readonly #snapshotTime = this.#gauge('tidemark_snapshot_timestamp_seconds', 'When the newest of them was taken, seconds since 1970', ['found'])
  readonly #snapshotSize = this.#gauge('tidemark_snapshot_size_bytes', 'Size of the newest of them', ['found'])
  readonly #snapshotFailing = this.#gauge('tidemark_snapshot_failing', 'Whether the last try to take or check one has failed, or their directory cannot be read')

  readonly #checked = this.#gauge('tidemark_schema_checks', 'Events held to a schema since this process began', ['schema'])
  readonly #unfit = this.#gauge('tidemark_schema_faults', 'Those of them that do not fit', ['schema'])
  readonly #dropped = this.#gauge('tidemark_events_dropped', 'Events that a rule dropped since this process began', ['rule'])

  constructor(private readonly context: MetricsContext) {
    this.#gauge('tidemark_build_info', 'The version that runs', ['version']).set({ version }, 1)
    collectDefaultMetrics({ register: this.#registry })
  }

  get contentType(): string {
    return this.#registry.contentType
  }

  /** The exposition format of Prometheus. */
  async scrape(): Promise<string> {
    this.#measureLog()
    this.#measurePolicy()
    this.#measureWaysIn()
    await this.#measureTables()
    await this.#measureSnapshots()
    return this.#registry.metrics()
  }

  #measureLog(): void {
    const { log, progress, clock } = this.context
    const { entries, sizeBytes, pendingBytes } = log.stats()
    const lag = lagOf(log, progress, clock)
    this.#head.set(entries)
    this.#size.set(sizeBytes)
    this.#pending.set(pendingBytes)
    this.#lagEntries.set(lag.entries)
    this.#lagSeconds.set(lag.seconds)
    const { failure, fencedWrites, shards, keptBytes } = progress.standing
    this.#following.set(failure === undefined ? 1 : 0)
    this.#fenced.reset()
    this.#fenced.inc(fencedWrites)
    this.#owned.set(shards.length)
    this.#kept.set(keptBytes)
  }

  #measureWaysIn(): void {
    this.#fetched.reset()
    for (const { name, events, error } of this.context.waysIn.list()) {
      this.#fetched.inc({ way: name }, events)
      this.#failing.set({ way: name }, error === undefined ? 0 : 1)
    }
  }

  #measurePolicy(): void {
    const { policy } = this.context
    for (const [schema, { checked, faults }] of policy.records) {
      this.#checked.set({ schema }, checked)
      this.#unfit.set({ schema }, faults)
    }
    for (const [rule, count] of policy.dropped) this.#dropped.set({ rule }, count)
  }

  async #measureTables(): Promise<void> {
    const { db } = this.context
    const totals = await readTotals(db)
    this.#events.reset()
    this.#events.inc(Number(totals.events))
    this.#alerts.set(Number(totals.open_alerts))
    this.#history.reset()
    this.#history.inc(Number(totals.dropped_units))
    this.#members.set((await readMembers(db)).length)
    for (const gauge of [this.#instances, this.#stuck, this.#late, this.#deviating]) gauge.reset()
    for (const row of await readAllModelCounts(db, MODELS)) {
      for (const state of ['active', 'completed', 'terminated'] as const) this.#instances.set({ process: row.model, state }, Number(row[state]))
      this.#stuck.set({ process: row.model }, Number(row.stuck))
      this.#late.set({ process: row.model }, Number(row.late))
      this.#deviating.set({ process: row.model }, Number(row.deviating))
    }
    for (const { channel, pending, oldest_seconds } of await readOutbox(db)) {
      this.#outbox.set({ channel }, Number(pending))
      this.#oldest.set({ channel }, Math.max(0, oldest_seconds))
    }
  }

  async #measureSnapshots(): Promise<void> {
    const { db, settings } = this.context
    const job = await readSnapshotJob(db)
    const told = await findingsOf(snapshotDir(settings)).catch(() => undefined)
    // All at once: others may be scraping too.
    for (const gauge of [this.#snapshots, this.#snapshotTime, this.#snapshotSize]) gauge.reset()
    this.#snapshotFailing.set(told === undefined || job?.status === 'failed' ? 1 : 0)
    for (const [found, { count, newest }] of told ?? []) {
      this.#snapshots.set({ found }, count)
      if (newest === undefined) continue
      this.#snapshotTime.set({ found }, newest.seconds)
      this.#snapshotSize.set({ found }, newest.bytes)
    }
  }

  #gauge(name: string, help: string, labelNames: readonly string[] = []): Gauge {
    return new Gauge({ name, help, labelNames: [...labelNames], registers: [this.#registry] })
  }
}

interface SnapshotFinding {
  count: number
  /** Absent where none of them can be read. */
  newest?: { readonly seconds: number; readonly bytes: number }
}

/** By what was found when they were checked. Throws where the directory cannot be read. */
async function findingsOf(dir: string): Promise<ReadonlyMap<string, SnapshotFinding>> {
  const told = new Map<string, SnapshotFinding>()
  for (const one of await listSnapshots(dir)) {
    // Deleted while they were listed.
    if ('error' in one && one.error.code === 'snapshotNotFound') continue
    const found = 'error' in one ? 'damaged' : (one.verdict?.found ?? 'unchecked')
    const own = told.get(found) ?? { count: 0 }
    told.set(found, own)
    own.count++
    if (!('error' in one)) own.newest ??= { seconds: one.manifest.createdAt / 1_000, bytes: await sizeOf(one) }
  }
  return told
}

/**
 * The live tracker, and the rebuilds, shadows and snapshots that are asked for now and then: whoever follows the log looks once a second whether one is, since it may be
 * another process that was asked. While tables are swapped the live tracker is stopped; a new one goes on from where the new tables stand.
 */
import { TrackerError } from '../problem.js'
import { patiently } from '../store/patiently.js'
import type { Progress } from '../store/progress.js'
import { readRebuild, type RebuildStatus } from '../store/rebuild/job.js'
import { readShadow } from '../store/shadow/job.js'
import { askForSnapshot, isUnderWay, readSnapshotJob } from '../store/snapshot/job.js'
import { Membership, type MembershipOptions } from './membership.js'
import { rebuild, type RebuildContext } from './rebuild.js'
import { SMALL_ROOM } from './room.js'
import { isWorkedOn, shadow } from './shadow.js'
import { snapshot, type SnapshotOptions } from './snapshot.js'
import { Tracker, type TrackerOptions } from './tracker.js'

const LOOK_MS = 1_000
const UNDER_WAY: ReadonlySet<RebuildStatus> = new Set(['asked', 'running', 'cancelling'])

export interface FollowingOptions extends TrackerOptions, Pick<RebuildContext, 'now' | 'version'> {
  /** Others may follow the same log. Absent: this process has it for itself. */
  readonly sharing?: Pick<MembershipOptions, 'name' | 'leaseMs'>
  /** Absent: none are taken. */
  readonly snapshots?: SnapshotOptions
}

export class Following {
  readonly #options: FollowingOptions
  readonly #membership: Membership | undefined
  readonly #progress: Progress
  readonly #stop = new AbortController()
  #tracker: Tracker
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<void> = Promise.resolve()

  constructor(options: FollowingOptions) {
    const { db, progress, logger, sharing } = options
    this.#membership = sharing === undefined ? undefined : new Membership({ db, progress, logger, ...sharing })
    this.#options = this.#membership === undefined ? options : { ...options, ownership: this.#membership }
    this.#progress = progress
    this.#tracker = new Tracker(this.#options)
  }

  /** Why it stopped by itself, if it did. */
  get failure(): Error | undefined {
    return this.#tracker.failure
  }

  async start(): Promise<void> {
    await patiently('joining the trackers that share the log', this.#options.logger, async () => this.#membership?.start(), this.#stop.signal)
    await this.#tracker.start()
    this.#look(0)
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    clearTimeout(this.#timer)
    await this.#looking
    await this.#tracker.stop()
    await this.#membership?.stop()
  }

  #look(afterMs: number): void {
    if (this.#stop.signal.aborted) return
    this.#timer = setTimeout(() => {
      this.#looking = this.#workIfAsked().catch((error: unknown) => {
        this.#options.logger.warn({ err: error }, 'whether a rebuild or a shadow is asked for could not be seen')
      }).then(() => this.#look(LOOK_MS))
    }, afterMs)
    this.#timer.unref()
  }

  /** One of those that share the log does it: the one that leads when it begins. Another that came to lead meanwhile goes on with it. */
  async #workIfAsked(): Promise<void> {
    if (!this.#progress.standing.leads) return
    const { db, log, logger, now, version, alertChannels, clockScale, snapshots, room } = this.#options
    const context: RebuildContext = {
      db, log, logger, now, version, signal: this.#stop.signal,
      tracker: { logger, alertChannels, holdsBack: (room ?? SMALL_ROOM).backlog, ...(clockScale === undefined ? {} : { clockScale }) },
      position: () => this.#progress.position,
      whilePaused: (run) => this.#whilePaused(run), leads: () => this.#progress.standing.leads, ...(snapshots === undefined ? {} : { snapshotDir: snapshots.dir }),
    }
    const job = await readRebuild(db)
    if (this.#stop.signal.aborted) return
    if (job !== undefined && UNDER_WAY.has(job.status)) return rebuild(context, job)
    const tried = await readShadow(db)
    if (this.#stop.signal.aborted) return
    if (isWorkedOn(tried)) return shadow(context, tried)
    await this.#snapshot(context)
  }

  /** One that is asked for, or due. */
  async #snapshot(context: RebuildContext): Promise<void> {
    const { snapshots } = this.#options
    if (snapshots === undefined) return
    const { db, now } = context
    const latest = await readSnapshotJob(db)
    const isDue = snapshots.everyMs !== undefined && this.#progress.position > 0n && !isUnderWay(latest) && (latest === undefined || now() - latest.startedAt >= snapshots.everyMs)
    const job = isDue ? await askForSnapshot(db, now()) : latest
    if (isUnderWay(job) && !this.#stop.signal.aborted) await snapshot({ ...context, snapshots }, job)
  }

  async #whilePaused<Answer>(run: () => Promise<Answer>): Promise<Answer> {
    const { failure } = this.#tracker
    if (failure instanceof TrackerError && failure.code === 'fenced') throw failure
    await this.#tracker.stop()
    try {
      return await run()
    } finally {
      this.#tracker = new Tracker(this.#options)
      if (!this.#stop.signal.aborted) await this.#tracker.start()
    }
  }
}

/**
 * The share of one process in the shards of a log that several follow. It renews its lease, looks who lives, and works out as everybody does who
 * should own what. States of a shard as seen from here: `another's`, `an orphan` (its owner does not live: whoever should own it takes it, with a
 * new epoch), `ours`, `to be given` (ours, but another should own it: handed over between two commits, once the members have stayed the same for
 * a lease). The lease is for liveness alone: a process that stood still longer than it had may believe what it likes; its commits touch no row.
 */
import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import { TrackerError } from '../problem.js'
import { announceChange, announceCommit, hearAnnouncements } from '../store/announcements.js'
import type { Database, Transaction, TransactionOptions } from '../store/database.js'
import type { Committed, Progress } from '../store/progress.js'
import { SharedProgress } from '../store/shared-progress.js'
import { endSessions, forgetMembers, giveShards, isNameTaken, joinMembers, leaveMembers, readMembers, renewLease, sessionNameOf, takeOrphans, type Member } from '../store/write/members.js'
import { readShards, type ShardState } from '../store/write/shards.js'
import { assignShards } from './core/assignment.js'
import type { Holding, Ownership } from './ownership.js'

export interface MembershipOptions {
  readonly db: Database
  readonly progress: Progress
  readonly logger: Logger
  /** The same when this process starts again, and nobody else's. */
  readonly name: string
  readonly leaseMs: number
}

/** Looks within one lease: two may fail before it ends. */
const LOOKS_PER_LEASE = 3
/** Members that have not lived for so long are forgotten. */
const FORGET_MS = 3_600_000

export class Membership implements Ownership {
  readonly #leaseMs: number
  readonly commits: Pick<TransactionOptions, 'abandonedAfterMs' | 'sessionName'>
  readonly #db: Database
  readonly #progress: Progress
  readonly #shared: SharedProgress
  readonly #logger: Logger
  readonly #self: Member
  #change = new AbortController()
  #looking: Promise<void> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined
  #deaf: (() => Promise<void>) | undefined
  #isOver = false
  /** Another process has our name: we are it no more. */
  #displaced: TrackerError | undefined
  /** Of this machine's monotonic clock: until then nobody else can have taken what is ours. */
  #leaseUntil = 0
  #living: readonly Member[] = []
  #livingSince = 0
  #owned: ReadonlyMap<number, bigint> = new Map()
  /** What the tracker was told last, by shard and epoch. */
  #held: ReadonlyMap<number, bigint> = new Map()
  #gifts: readonly { readonly shard: number; readonly to: string }[] = []

  constructor({ db, progress, logger, name, leaseMs }: MembershipOptions) {
    this.#db = db
    this.#progress = progress
    this.#shared = new SharedProgress(progress)
    this.#logger = logger
    this.#self = { id: `${name}/${randomUUID().slice(0, 8)}`, name }
    this.#leaseMs = leaseMs
    this.commits = { abandonedAfterMs: leaseMs, sessionName: sessionNameOf(this.#self.id) }
  }

  get unsettled(): AbortSignal {
    return this.#change.signal
  }

  /** Joins, and takes what nobody has. */
  async start(): Promise<void> {
    this.#progress.standing.member = this.#self.name
    this.#progress.standing.leadsWhile(() => this.#owned.has(0) && performance.now() < this.#leaseUntil)
    const began = performance.now()
    await joinMembers(this.#db, this.#self, this.#leaseMs)
    this.#leaseUntil = began + this.#leaseMs
    this.#deaf ??= await hearAnnouncements(this.#db, ({ by, commit }) => {
      if (by === this.#self.id) return
      if (commit === undefined) this.#lookSoon(0)
      else this.#shared.moved(commit.shards, commit.what)
    })
    await this.#look()
    await announceChange(this.#db, this.#self.id)
    this.#lookSoon(this.#leaseMs / LOOKS_PER_LEASE)
  }

  /** Its shards are for the others at once. The tracker must have stopped. */
  async stop(): Promise<void> {
    this.#isOver = true
    clearTimeout(this.#timer)
    await this.#looking
    await this.#deaf?.()
    if (this.#displaced !== undefined) return
    await leaveMembers(this.#db, this.#self.id)
    await announceChange(this.#db, this.#self.id)
  }

  async settle(): Promise<Holding> {
    if (this.#displaced !== undefined) throw this.#displaced
    // What is noticed from here on is for the next time.
    this.#change = new AbortController()
    const gifts = this.#gifts
    this.#gifts = []
    if (gifts.length > 0) {
      const given = await giveShards(this.#db, this.#self.id, gifts)
      if (given > 0) await announceChange(this.#db, this.#self.id)
      this.#logger.info({ shards: gifts.map(({ shard }) => shard), to: [...new Set(gifts.map(({ to }) => to))] }, 'shards were handed over')
    }
    const all = await readShards(this.#db)
    const mine = all.filter(({ owner }) => owner === this.#self.id)
    this.#owned = this.#held = epochsOf(mine)
    this.#shared.begins(all)
    return { total: all.length, mine }
  }

  announce(tx: Transaction, committed: Committed, shards: readonly ShardState[]): Promise<void> {
    return announceCommit(tx, this.#self.id, committed, shards)
  }

  report(committed: Committed, shards: readonly ShardState[]): void {
    this.#shared.moved(shards, committed)
  }

  #lookSoon(afterMs: number): void {
    if (this.#isOver) return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.#looking = this.#looking.then(() => this.#look()).catch((error: unknown) => {
        this.#logger.warn({ err: error }, 'the lease of this tracker could not be renewed, and is tried again')
      }).then(() => this.#lookSoon(this.#leaseMs / LOOKS_PER_LEASE))
    }, afterMs)
    this.#timer.unref()
  }

  async #look(): Promise<void> {
    if (this.#isOver || this.#displaced !== undefined) return
    await this.#renew()
    if (this.#displaced !== undefined) return
    const [living, shards] = await Promise.all([readMembers(this.#db), readShards(this.#db)])
    this.#notice(living)
    const owners = assignShards(shards.map(({ id }) => id), living.map(({ name }) => name))
    const lives = new Set(living.map(({ id }) => id))
    const orphans = shards.filter(({ id, owner }) => owners.get(id) === this.#self.name && (owner === undefined || !lives.has(owner)))
    let now = shards
    await endSessions(this.#db, [...new Set(orphans.flatMap(({ owner }) => owner ?? []))].filter((owner) => owner.includes('/')))
    if (orphans.length > 0 && (await takeOrphans(this.#db, this.#self.id, orphans.map(({ id }) => id))) > 0) {
      this.#logger.info({ shards: orphans.map(({ id }) => id) }, 'shards without a living owner were taken over')
      await announceChange(this.#db, this.#self.id)
      now = await readShards(this.#db)
    }
    const mine = now.filter(({ owner }) => owner === this.#self.id)
    this.#owned = epochsOf(mine)
    this.#shared.looked(now)
    const isSteady = performance.now() - this.#livingSince >= this.#leaseMs
    this.#gifts = isSteady ? mine.flatMap(({ id }) => {
      const heir = living.find(({ name }) => name === owners.get(id))
      return heir === undefined || heir.id === this.#self.id ? [] : [{ shard: id, to: heir.id }]
    }) : []
    if (this.#gifts.length > 0 || !sameEpochs(this.#owned, this.#held)) this.#change.abort()
  }

  async #renew(): Promise<void> {
    const began = performance.now()
    if (!(await renewLease(this.#db, this.#self.id, this.#leaseMs))) {
      if (await isNameTaken(this.#db, this.#self)) return this.#displace()
      await joinMembers(this.#db, this.#self, this.#leaseMs)
    }
    this.#leaseUntil = began + this.#leaseMs
  }

  #displace(): void {
    this.#displaced = new TrackerError(
      'memberDisplaced', 500, `Another tracker follows under the name ${this.#self.name}, so this one has stopped. Give each its own with TIDEMARK_MEMBER.`)
    this.#owned = new Map()
    this.#change.abort()
  }

  /** Shards move for good only once the members have stayed the same for a while: one that comes and goes moves nothing. */
  #notice(living: readonly Member[]): void {
    if (living.map(({ id }) => id).join() === this.#living.map(({ id }) => id).join()) return
    this.#living = living
    this.#livingSince = performance.now()
    this.#logger.info({ members: living.map(({ name }) => name) }, 'the trackers that share the log')
    void forgetMembers(this.#db, FORGET_MS).catch(() => undefined)
  }
}

function epochsOf(shards: readonly ShardState[]): ReadonlyMap<number, bigint> {
  return new Map(shards.map(({ id, epoch }) => [id, epoch]))
}

function sameEpochs(a: ReadonlyMap<number, bigint>, b: ReadonlyMap<number, bigint>): boolean {
  return a.size === b.size && [...a].every(([shard, epoch]) => b.get(shard) === epoch)
}

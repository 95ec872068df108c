/**
 * Which shards a tracker follows. One process that has the log for itself takes all (below); processes that share a log share the shards
 * (membership.ts). Whoever a shard was taken from finds out at its next commit, which touches no row.
 */
import type { Database, Transaction, TransactionOptions } from '../store/database.js'
import { TrackerError } from '../problem.js'
import type { Committed, Progress } from '../store/progress.js'
import { endSessions, sessionNameOf } from '../store/write/members.js'
import { readShards, takeShards, type ShardState } from '../store/write/shards.js'

export interface Holding {
  /** Shards there are. */
  readonly total: number
  /** Ours, as the tables say. */
  readonly mine: readonly ShardState[]
}

export interface Ownership {
  /** Aborts when the tracker is to come to rest between two commits, call {@link settle} and go on with what it owns then. */
  readonly unsettled: AbortSignal
  /** Gives away what others are to have, and answers what is left or new. Nothing may be on its way. Throws where following is over. */
  settle(): Promise<Holding>
  /** Part of a commit: others are told of it. */
  announce(tx: Transaction, committed: Committed, shards: readonly ShardState[]): Promise<unknown>
  /** After a commit, or after {@link settle}. */
  report(committed: Committed, shards: readonly ShardState[]): void
  /** How commits that others may have to wait for are held; absent: nobody waits. */
  readonly commits?: Pick<TransactionOptions, 'abandonedAfterMs' | 'sessionName'>
}

/** A commit of which nothing is heard for so long holds up whoever starts in its place no longer. */
const ABANDONED_MS = 10_000
const INSUFFICIENT_PRIVILEGE = '42501'

/** All shards, for as long as nobody else takes them. */
export class SoleOwner implements Ownership {
  readonly unsettled: AbortSignal = new AbortController().signal
  commits: Pick<TransactionOptions, 'abandonedAfterMs' | 'sessionName'> = {}
  #epochs: ReadonlyMap<number, bigint> | undefined

  constructor(private readonly db: Database, private readonly progress: Progress) {}

  async settle(): Promise<Holding> {
    const mine = this.#epochs === undefined ? await this.#take() : await readShards(this.db)
    if (this.#epochs !== undefined && mine.some(({ id, epoch }) => epoch !== this.#epochs?.get(id))) {
      throw new TrackerError('fenced', 500, 'Another tracker has taken over the shards of this database: this one has stopped and committed nothing more.')
    }
    this.#epochs = new Map(mine.map(({ id, epoch }) => [id, epoch]))
    return { total: mine.length, mine }
  }

  /** Whoever had them may stand still in the middle of a commit, and would hold them for as long as it does. */
  async #take(): Promise<readonly ShardState[]> {
    if (!this.db.embedded) {
      // Tables of its own are somebody else's: a rebuild folds beside the live one.
      const [row] = await this.db.query<{ schema: string }>(`select current_schema() as schema`)
      const sole = `sole ${row?.schema ?? ''}`
      this.commits = { abandonedAfterMs: ABANDONED_MS, sessionName: sessionNameOf(sole) }
      await endSessions(this.db, [sole]).catch(notAllowed)
    }
    return takeShards(this.db, `pid ${process.pid}`)
  }

  async announce(): Promise<void> {}

  report(committed: Committed): void {
    this.progress.report(committed)
  }
}

/** Then whoever stands still is waited for. */
function notAllowed(error: unknown): void {
  if ((error as { readonly code?: unknown }).code !== INSUFFICIENT_PRIVILEGE) throw error
}

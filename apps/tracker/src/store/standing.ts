import type { TrackerError } from '../problem.js'

/** How this process stands among those that follow the log. Track writes it; ingest, deliver and serve look. */
export class Standing {
  /** Its name among the trackers that share the log; undefined where it has it for itself. */
  member: string | undefined
  /** Shards that it follows. */
  shards: readonly number[] = []
  /** Commits that found that another process had taken a shard over, and wrote nothing. */
  fencedWrites = 0
  /** What the instances that it keeps in memory count for, by an estimate. */
  keptBytes = 0
  /** What had to be done at start to have tables at all, in plain words. */
  recovered: readonly string[] = []
  /** Why it follows nothing any more, though it should. */
  failure: TrackerError | undefined
  #leads: () => boolean = () => true

  /** One process alone says for all that time went on, that an alert opens, that a command leaves: the owner of the first shard. */
  get leads(): boolean {
    return this.#leads()
  }

  leadsWhile(isSo: () => boolean): void {
    this.#leads = isSo
  }
}

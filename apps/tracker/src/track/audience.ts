/** A process that follows nothing itself, beside others that do: what they have folded is what it answers and shows. */
import { hearAnnouncements } from '../store/announcements.js'
import type { Database } from '../store/database.js'
import type { Progress } from '../store/progress.js'
import { SharedProgress } from '../store/shared-progress.js'
import { readShards } from '../store/write/shards.js'

/** Where nothing is heard. */
const LOOK_MS = 3_000

export class Audience {
  readonly #db: Database
  readonly #shared: SharedProgress
  #deaf: (() => Promise<void>) | undefined
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<void> = Promise.resolve()
  #isOver = false

  constructor(db: Database, progress: Progress) {
    this.#db = db
    this.#shared = new SharedProgress(progress)
  }

  async start(): Promise<void> {
    this.#deaf = await hearAnnouncements(this.#db, ({ commit }) => {
      if (commit !== undefined) this.#shared.moved(commit.shards, commit.what)
    })
    this.#look()
  }

  async stop(): Promise<void> {
    this.#isOver = true
    clearTimeout(this.#timer)
    await this.#looking
    await this.#deaf?.()
  }

  #look(): void {
    if (this.#isOver) return
    // A database that does not answer is told of by whoever asks it for something.
    this.#looking = readShards(this.#db).then((shards) => this.#shared.looked(shards), () => undefined)
    this.#timer = setTimeout(() => void this.#looking.then(() => this.#look()), LOOK_MS)
    this.#timer.unref()
  }
}

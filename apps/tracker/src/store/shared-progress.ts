/**
 * How far all trackers of a log are together: the shard that is furthest behind says up to where everything is folded. Learned from our own commits,
 * from what others announce, and from the table now and then.
 */
import type { ShardPlace } from './announcements.js'
import type { Committed, Progress } from './progress.js'

export class SharedProgress {
  readonly #places = new Map<number, ShardPlace>()

  constructor(private readonly progress: Progress) {}

  /** As a commit leaves them; what was heard before may be further. */
  moved(shards: readonly ShardPlace[], what: Omit<Committed, 'position' | 'clock'>): void {
    for (const shard of shards) {
      const known = this.#places.get(shard.id)
      if (known === undefined || known.position <= shard.position) this.#places.set(shard.id, shard)
    }
    this.#report(what)
  }

  /** All, as the tables said a moment ago. */
  looked(shards: readonly ShardPlace[]): void {
    const news = shards.filter(({ id, position }) => (this.#places.get(id)?.position ?? -1n) < position)
    if (news.length > 0) this.#take(news)
  }

  /** All, as the tables say, and nothing of ours is on its way: after a rebuild they may stand behind what was known. */
  begins(shards: readonly ShardPlace[]): void {
    this.#places.clear()
    this.#take(shards)
  }

  #take(shards: readonly ShardPlace[]): void {
    for (const shard of shards) this.#places.set(shard.id, shard)
    this.#report({ models: [], instances: 1, alerts: true, commands: true, moves: [] })
  }

  #report(what: Omit<Committed, 'position' | 'clock'>): void {
    const places = [...this.#places.values()]
    const [first] = places
    if (first === undefined) return
    const least = places.reduce((one, other) => (other.position < one.position ? other : one), first)
    this.progress.report({ ...what, position: least.position, clock: least.clock })
  }
}

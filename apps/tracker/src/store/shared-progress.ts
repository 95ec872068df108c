/**
 * How far all trackers of a log are together: the shard that is furthest behind says up to where everything is folded. Learned from our own commits,
 * from what others announce, and from the table now and then. Commits of a shard are counted: whoever hears of one that does not follow the last one
 * has missed what lies between, and takes everything for changed.
 */
import type { ShardPlace } from './announcements.js'
import type { Committed, Progress } from './progress.js'

type What = Omit<Committed, 'position' | 'clock'>

const ANYTHING: What = { models: 'everything', instances: 0, alerts: true, commands: true, moves: [] }

export class SharedProgress {
  readonly #places = new Map<number, ShardPlace>()

  constructor(private readonly progress: Progress) {}

  /** As a commit leaves them; what was heard before may be further. */
  moved(shards: readonly ShardPlace[], what: What): void {
    const isNext = shards.every(({ id, commits }) => commits <= this.#known(id).commits + 1)
    for (const shard of shards) this.#places.set(shard.id, further(this.#known(shard.id), shard))
    this.#report(isNext ? what : { ...ANYTHING, moves: what.moves })
  }

  /** All, as the tables said a moment ago. */
  looked(shards: readonly ShardPlace[]): void {
    const news = shards.filter(({ id, position, commits }) => this.#known(id).position < position || this.#known(id).commits < commits)
    if (news.length > 0) this.#take(news)
  }

  /** All, as the tables say, and nothing of ours is on its way: after a rebuild they may stand behind what was known. */
  begins(shards: readonly ShardPlace[]): void {
    this.#places.clear()
    this.#take(shards)
  }

  #known(id: number): ShardPlace {
    return this.#places.get(id) ?? { id, position: -1n, clock: 0, commits: -1 }
  }

  #take(shards: readonly ShardPlace[]): void {
    for (const shard of shards) this.#places.set(shard.id, shard)
    this.#report(ANYTHING)
  }

  #report(what: What): void {
    const places = [...this.#places.values()]
    const [first] = places
    if (first === undefined) return
    const least = places.reduce((one, other) => (other.position < one.position ? other : one), first)
    this.progress.report({ ...what, position: least.position, clock: least.clock })
  }
}

/** Who has counted more commits is further; a version that does not count moves on by its position. */
function further(known: ShardPlace, heard: ShardPlace): ShardPlace {
  if (heard.commits > known.commits) return heard
  if (heard.commits > 0 || heard.position <= known.position) return known
  return { ...heard, commits: known.commits }
}

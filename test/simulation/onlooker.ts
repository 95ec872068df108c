/**
 * Somebody who looks at a page: reads everything once, and again only what the live channel says has changed. Streams end and begin again with the
 * last position that was heard; in the end the page is to show what one that is loaded then shows.
 */
import type { LiveMessage } from '@tidemark/api'
import type { Queryable } from '../../apps/tracker/src/store/database.js'
import type { SimulatedTracker } from './tracker.js'

const MODEL = 'order-fulfilment'
const VIEWS = {
  model: `select 'count' as what, to_jsonb(counts)::text as row from (select model, sum(active) as a, sum(completed) as c, sum(terminated) as t, sum(stuck) as s, sum(late) as l, sum(deviating) as d from model_count group by model) counts
    union all select 'element', to_jsonb(elements)::text from (select element, sum(tokens) as t, sum(visits) as v from element_count group by element) elements
    union all select 'instance', to_jsonb(i)::text from (select id, status, stuck, late, deviations, tokens_json::jsonb as tokens from instance) i
    union all select 'version', to_jsonb(v)::text from (select model, version, status from model_version) v order by 1, 2`,
  alerts: `select 'alert' as what, to_jsonb(a)::text as row from (select id, status from alert where status <> 'quiet') a order by 1, 2`,
  commands: `select 'command' as what, to_jsonb(c)::text as row from (select id, status from command where status <> 'sending' and status <> 'failed') c order by 1, 2`,
} as const

type View = keyof typeof VIEWS
const ALL = Object.keys(VIEWS) as View[]

export class Onlooker {
  readonly #shown = new Map<View, string>()
  readonly #stale = new Set<View>(ALL)
  #lastHeard: bigint | undefined
  #leave: (() => void) | undefined

  /** Opens the stream of this tracker, instead of any that was open. */
  watch(tracker: SimulatedTracker): void {
    this.leave()
    let isMine = true
    const leave = tracker.live.watch(undefined, this.#lastHeard, ({ position, message }) => {
      if (!isMine) return
      this.#hear(message, this.#lastHeard === undefined)
      this.#lastHeard = position
    })
    this.#leave = () => {
      isMine = false
      leave()
    }
  }

  leave(): void {
    this.#leave?.()
    this.#leave = undefined
  }

  get isUpToDate(): boolean {
    return this.#leave !== undefined && this.#stale.size === 0
  }

  /** What it was told to read again, as long as that works. */
  async look(db: Queryable): Promise<void> {
    for (const view of this.#stale) {
      this.#stale.delete(view)
      try {
        this.#shown.set(view, await read(db, view))
      } catch (error) {
        this.#stale.add(view)
        throw error
      }
    }
  }

  /** Where it shows something else than a page that is loaded now. */
  async mistakes(db: Queryable): Promise<string[]> {
    const mistakes: string[] = []
    for (const view of ALL) {
      const now = await read(db, view)
      if (now !== this.#shown.get(view)) mistakes.push(`a page that was open shows other ${view} than one that is loaded: ${firstDifference(this.#shown.get(view) ?? '', now)}`)
    }
    return mistakes
  }

  #hear(message: LiveMessage, isFirst: boolean): void {
    if (message.kind === 'reset' || (message.kind === 'hello' && isFirst)) for (const view of ALL) this.#stale.add(view)
    if (message.kind !== 'changed') return
    if (message.models.includes(MODEL)) this.#stale.add('model')
    if (message.alerts) this.#stale.add('alerts')
    if (message.commands) this.#stale.add('commands')
  }
}

async function read(db: Queryable, view: View): Promise<string> {
  return (await db.query<{ what: string; row: string }>(VIEWS[view])).map(({ what, row }) => `${what} ${row}`).join('\n')
}

function firstDifference(shown: string, now: string): string {
  const [a, b] = [shown.split('\n'), now.split('\n')]
  const at = a.findIndex((line, index) => line !== b[index])
  return `${a[at < 0 ? b.length : at] ?? 'nothing'} and not ${b[at < 0 ? a.length : at] ?? 'nothing'}`
}

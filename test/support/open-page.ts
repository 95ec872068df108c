/**
 * A page that is open all the while, over real HTTP: reads everything once, and again only what the live stream says has changed. The stream breaks
 * with whatever breaks, and is resumed after the last id that was heard; in the end the page is to show what one shows that is loaded then.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { AlertSummary, CommandSummary, Flow, InstanceSummary, LiveMessage, ModelSummary, Page } from '@tidemark/api'
import type { TrackerApi } from './tracker-api.js'

const RETRY_MS = 300
/** Between two readings, as a page gathers what it hears. */
const GATHER_MS = 500
/** A request or a stream that says nothing for so long is dead: the stream has a sign of life each 15 seconds. */
const SILENCE_MS = 20_000
/** Until everything that was committed last has been told and read, on a busy machine. */
const SETTLING_MS = 20_000

/** What is looked at, without what the clock moves by itself: how long tokens wait, and attempts that nobody is told of. */
const VIEWS: Readonly<Record<string, (api: TrackerApi, model: string) => Promise<unknown>>> = {
  async flow(api, model) {
    const { at: _at, elements, ...counts } = await api.get<Flow>(`/models/${model}/flow`)
    return { ...counts, elements: elements.map(({ element, tokens, stuck, late, deviating, visits }) => [element, tokens, stuck, late, deviating, visits]) }
  },
  async models(api) {
    return (await api.get<Page<ModelSummary>>('/models')).items.map(({ id, versions, active, completed }) => [id, versions.map(({ version, status }) => [version, status]), active, completed])
  },
  async instances(api) {
    return (await api.get<Page<InstanceSummary>>('/instances?limit=100')).items.map(({ id, status, stuck, late, deviations, tokens }) => (
      [id, status, stuck, late, deviations, tokens.map(({ element }) => element)]))
  },
  async alerts(api) {
    return (await api.get<Page<AlertSummary>>('/alerts')).items.map(({ id, status, kind, element }) => [id, status, kind, element])
  },
  async commands(api) {
    return (await api.get<Page<CommandSummary>>('/commands?limit=100')).items.map(({ id, status }) => [id, status === 'sending' || status === 'failed' ? 'scheduled' : status])
  },
}
const ALL = Object.keys(VIEWS)
const OF_INSTANCES = ['flow', 'models', 'instances']

export class OpenPage {
  readonly #shown = new Map<string, string>()
  readonly #stale = new Set(ALL)
  readonly #closing = new AbortController()
  readonly #working: Promise<unknown>
  #lastHeard: string | undefined
  /** Streams that began, and messages that came. */
  streams = 0
  messages = 0

  /** @param api whoever answers at its address then */
  constructor(private readonly api: TrackerApi, private readonly model: string) {
    this.#working = Promise.all([this.#keepListening(), this.#keepReading()])
  }

  /** Once nothing happens any more: where it shows something else than a page that is loaded now, after it had time to hear of it. */
  async mistakes(): Promise<string[]> {
    for (const end = Date.now() + SETTLING_MS; ;) {
      const wrong = await this.#wrong()
      if (wrong.length === 0 || Date.now() > end) return wrong
      await pause(GATHER_MS)
    }
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#working
  }

  async #wrong(): Promise<string[]> {
    const wrong: string[] = []
    for (const view of ALL) {
      const [shown, now] = [this.#shown.get(view) ?? 'nothing', await this.#load(view)]
      if (shown !== now) wrong.push(`a page that was open shows other ${view} than one that is loaded: ${firstDifference(shown, now)}`)
    }
    return wrong
  }

  async #load(view: string): Promise<string> {
    return JSON.stringify(await VIEWS[view]!(this.api, this.model))
  }

  async #keepReading(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      const stale = [...this.#stale]
      this.#stale.clear()
      for (const view of stale) {
        await this.#load(view).then((shown) => this.#shown.set(view, shown), () => this.#stale.add(view))
      }
      await pause(GATHER_MS)
    }
  }

  async #keepListening(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      await this.#listen().catch(() => undefined)
      await pause(RETRY_MS)
    }
  }

  async #listen(): Promise<void> {
    const dead = new AbortController()
    let silence = setTimeout(() => dead.abort(), SILENCE_MS)
    try {
      const headers: Record<string, string> = this.#lastHeard === undefined ? {} : { 'last-event-id': this.#lastHeard }
      const answer = await fetch(`${this.api.url}/api/v1/live`, { headers, signal: AbortSignal.any([this.#closing.signal, dead.signal]) })
      if (!answer.ok || answer.body === null) return
      this.streams++
      let rest = ''
      for await (const piece of answer.body.pipeThrough(new TextDecoderStream())) {
        clearTimeout(silence)
        silence = setTimeout(() => dead.abort(), SILENCE_MS)
        const blocks = (rest + piece).split('\n\n')
        rest = blocks.pop()!
        for (const block of blocks) this.#hear(fieldOf(block, 'id'), fieldOf(block, 'data'))
      }
    } finally {
      clearTimeout(silence)
      dead.abort()
    }
  }

  #hear(id: string | undefined, data: string | undefined): void {
    if (data === undefined) return
    this.messages++
    const message = JSON.parse(data) as LiveMessage
    const isFirst = this.#lastHeard === undefined
    this.#lastHeard = id ?? this.#lastHeard
    if (message.kind === 'reset' || isFirst) for (const view of ALL) this.#stale.add(view)
    if (message.kind !== 'changed') return
    if (message.models.includes(this.model) || message.instances > 0) for (const view of OF_INSTANCES) this.#stale.add(view)
    if (message.alerts) this.#stale.add('alerts')
    if (message.commands) this.#stale.add('commands')
  }
}

function fieldOf(block: string, name: string): string | undefined {
  return block.split('\n').find((line) => line.startsWith(`${name}:`))?.slice(name.length + 1).trim()
}

function firstDifference(shown: string, now: string): string {
  const at = [...now].findIndex((character, index) => character !== shown[index])
  const from = Math.max((at < 0 ? now.length : at) - 80, 0)
  return `...${shown.slice(from, from + 160)}... and not ...${now.slice(from, from + 160)}...`
}

/**
 * What the live stream says, from what commits report. Commits come many times a second; watchers hear at most once per 250 ms, merged.
 *
 * A watcher that comes back names the last position it heard (Last-Event-ID). Commits since then are remembered up to a bound; from further
 * back, or from another log, or where what changed is not known, it is told to `reset`, that is to read everything again. Deadlines are committed where the position stands already, so
 * what was said at the position that was heard last may not have been all: it is said again.
 */
import type { LiveMessage } from '@tidemark/api'
import { TrackerError } from '../problem.js'
import type { Clock } from '../clock.js'
import type { Committed, Progress } from '../store/progress.js'
import { rfc3339 } from './times.js'

const FLUSH_MS = 250
/** Merged commits that are remembered: a little over four minutes at four a second. */
const REMEMBERED = 1_024
/** Streams that are open at once; each costs a socket and a buffer of at most 256 KiB. */
const WATCHERS = 500
const MOVES_PER_MESSAGE = 200

export interface LiveSignal {
  /** The position that the message is true at. */
  readonly position: bigint
  readonly message: LiveMessage
}

type ChangedModels = ReadonlySet<string> | 'everything'
type Change = Omit<Committed, 'models'> & { readonly models: ChangedModels }
type Hear = (signal: LiveSignal) => void

export class LiveChannel {
  readonly #watchers = new Set<{ readonly model: string | undefined; readonly hear: Hear; readonly over: () => void }>()
  readonly #remembered: Change[] = []
  #pending: Change | undefined
  #timer: NodeJS.Timeout | undefined
  #unwatch: (() => void) | undefined
  #oldest: bigint | undefined

  constructor(private readonly progress: Progress, private readonly clock: Clock) {}

  start(): void {
    this.#oldest = this.progress.position
    this.#unwatch = this.progress.watch((committed) => this.#take(committed))
  }

  stop(): void {
    this.#unwatch?.()
    clearTimeout(this.#timer)
    const watchers = [...this.#watchers]
    this.#watchers.clear()
    for (const { over } of watchers) over()
  }

  /**
   * Hears `hello` at once, what was missed after `lastHeard`, then what changes.
   * @param model only changes of this model, and of alerts and commands
   * @param over is told when the channel stops: an open stream would hold up the end of the service
   * @returns the function that ends it
   */
  watch(model: string | undefined, lastHeard: bigint | undefined, hear: Hear, over: () => void = () => undefined): () => void {
    if (this.#watchers.size >= WATCHERS) {
      throw new TrackerError('tooManyWatchers', 503, `There are ${WATCHERS} live streams already: close one, or ask for the status instead.`, undefined, { retryAfterSeconds: 10 })
    }
    const { position } = this.progress
    hear({ position, message: { kind: 'hello', now: rfc3339(this.clock.now()), scale: this.clock.scale } })
    for (const message of this.#missed(model, lastHeard)) hear({ position, message })
    const watcher = { model, hear, over }
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  #missed(model: string | undefined, lastHeard: bigint | undefined): LiveMessage[] {
    if (lastHeard === undefined) return []
    const known = lastHeard <= this.progress.position && this.#oldest !== undefined && lastHeard > this.#oldest
    if (!known) return [{ kind: 'reset' }]
    const missed = this.#remembered.filter((change) => change.position >= lastHeard)
    return missed.length === 0 ? [] : [this.#changed(missed.reduce(merged))].filter((message) => concerns(message, model))
  }

  #take(committed: Committed): void {
    const change: Change = { ...committed, models: committed.models === 'everything' ? 'everything' : new Set(committed.models) }
    this.#pending = this.#pending === undefined ? change : merged(this.#pending, change)
    this.#timer ??= setTimeout(() => this.#flush(), FLUSH_MS)
  }

  #flush(): void {
    const change = this.#pending!
    this.#pending = undefined
    this.#timer = undefined
    if (change.models !== 'everything' && change.instances === 0 && change.models.size === 0 && !change.alerts && !change.commands) return
    this.#remember(change)
    const messages = [this.#changed(change), ...movesOf(change)]
    for (const { model, hear } of this.#watchers) {
      for (const message of messages) if (concerns(message, model)) hear({ position: change.position, message })
    }
  }

  #remember(change: Change): void {
    this.#remembered.push(change.moves.length === 0 ? change : { ...change, moves: [] })
    if (this.#remembered.length > REMEMBERED) this.#oldest = this.#remembered.shift()!.position
  }

  #changed(change: Change): LiveMessage {
    if (change.models === 'everything') return { kind: 'reset' }
    return {
      kind: 'changed', position: String(change.position), now: rfc3339(this.clock.now()), models: [...change.models],
      instances: change.instances, alerts: change.alerts, commands: change.commands,
    }
  }
}

function merged(a: Change, b: Change): Change {
  return {
    position: b.position, clock: b.clock, models: both(a.models, b.models), instances: a.instances + b.instances,
    alerts: a.alerts || b.alerts, commands: a.commands || b.commands, moves: [...a.moves, ...b.moves].slice(0, MOVES_PER_MESSAGE),
  }
}

function both(a: ChangedModels, b: ChangedModels): ChangedModels {
  return a === 'everything' || b === 'everything' ? 'everything' : new Set([...a, ...b])
}

/** One message per model version. */
function movesOf({ moves }: Change): LiveMessage[] {
  const messages = new Map<string, Extract<LiveMessage, { kind: 'moved' }>>()
  for (const { model, version, instance, key, flows } of moves) {
    const name = `${version}\0${model}`
    const message = messages.get(name) ?? { kind: 'moved', model, version, moves: [] }
    message.moves.push({ instance, key, flows: [...flows] })
    messages.set(name, message)
  }
  return [...messages.values()]
}

function concerns(message: LiveMessage, model: string | undefined): boolean {
  if (model === undefined) return true
  if (message.kind === 'moved') return message.model === model
  if (message.kind === 'changed') return message.alerts || message.commands || message.models.includes(model)
  return true
}

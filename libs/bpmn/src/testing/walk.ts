/** Random walks of the token player: events that fit, at random times, with the timers that fire in between. */
import type { ProcessModel } from '../model.js'
import { MAX_TOKENS_PER_PLACE } from '../track/marking.js'
import { TIMER_MS } from './models.js'
import { Player, wordsOf, type PlayerMove, type Tokens } from './player.js'
import { START } from './scenario.js'

export interface WalkEvent {
  readonly type: string
  readonly label: string
  /** Epoch milliseconds. */
  readonly time: number
  /** What is true after it. */
  readonly tokens: Tokens
  /** The item that it names; of items in items all of them, the outermost first, with '/' between. */
  readonly item?: string
}

export interface Walk {
  readonly events: readonly WalkEvent[]
  /** The walk ended; otherwise it was left after `most` events. */
  readonly ended: boolean
}

/** A generator of numbers in [0, 1) from a seed (mulberry32): the same seed, the same walk. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

export function walkOf(process: ProcessModel, random: () => number, most = 40): Walk {
  return new Walker(process, new Player(process), random).walk(most)
}

class Walker {
  readonly #player: Player
  readonly #random: () => number
  /** Sub-processes with an event sub-process, as the token that says that they are open. */
  readonly #interruptible: ReadonlySet<string>
  #tokens: Tokens
  #time = START
  /** Per token word, since when; one entry per token. */
  #since: { word: string; time: number }[] = []
  /** Timers that have fired and left their host alone. */
  readonly #fired = new Set<string>()

  constructor(process: ProcessModel, player: Player, random: () => number) {
    this.#player = player
    this.#random = random
    this.#interruptible = new Set(process.elements.flatMap((element) => (element.triggeredByEvent === true ? [`s:${element.parent ?? ''}`] : [])))
    this.#tokens = player.initial
    this.#since = [{ word: player.initial, time: START }]
  }

  walk(most: number): Walk {
    const events: WalkEvent[] = []
    while (events.length < most) {
      if (this.#tokens === '') return { events, ended: true }
      const options = this.#player.enabled(this.#tokens).filter((move) => !this.#isCrowded(this.#player.settled(move.next)))
      const due = this.#nextTimer()
      if (options.length === 0 && due === undefined) return { events, ended: this.#player.canEnd(this.#tokens) }
      if (due === undefined && this.#random() < 0.2 && this.#player.canEnd(this.#tokens)) return { events, ended: true }
      const time = this.#time + 1 + Math.floor(this.#random() * (this.#random() < 0.1 ? 2.5 * TIMER_MS : TIMER_MS / 4))
      if (due !== undefined && (options.length === 0 || due.time < time)) {
        this.#time = due.time
        this.#fired.add(due.key)
        this.#go(due.move)
        continue
      }
      const move = options[Math.floor(this.#random() * options.length)] as PlayerMove
      this.#time = time
      this.#goTo(move)
      events.push({ type: move.type, label: move.label, time, tokens: this.#tokens })
    }
    return { events, ended: this.#tokens === '' }
  }

  /**
   * A boundary event that leaves its host alone came too often: more tokens on one place than the net counts, or two where a timer waits, of which
   * nobody could say whose time has come.
   */
  #isCrowded(tokens: Tokens): boolean {
    const words = wordsOf(tokens)
    // Of two that are open at once nobody could say which one is interrupted.
    if (words.some((word, index) => word === words[index - 1] && this.#interruptible.has(word))) return true
    const timed = this.#player.moves(tokens).filter((move) => move.kind === 'timer').flatMap((move) => [...move.takes, ...(move.needs ?? [])])
    return words.some((word, index) => words[index - (timed.includes(word) ? 1 : MAX_TOKENS_PER_PLACE)] === word)
  }

  #nextTimer(): { move: PlayerMove; time: number; key: string } | undefined {
    const timers = this.#player.moves(this.#tokens).filter((move) => move.kind === 'timer').flatMap((move) => {
      const host = move.takes[0] ?? move.needs?.[0] ?? ''
      return this.#since.filter((token) => token.word === host).map((token) => ({ move, time: token.time + TIMER_MS, key: `${move.element} ${token.time}` }))
    })
    return timers.filter((timer) => !this.#fired.has(timer.key)).sort((a, b) => a.time - b.time || (a.key < b.key ? -1 : 1))[0]
  }

  /** The shortest silent way to where the move is enabled, then the move. */
  #goTo(goal: PlayerMove): void {
    const from = new Map<Tokens, { before: Tokens; move: PlayerMove } | undefined>([[this.#tokens, undefined]])
    for (const [current] of from) {
      const found = this.#player.moves(current).find((move) => move.label === goal.label && move.element === goal.element && move.kind === 'observe')
      if (found !== undefined) {
        const path = [found]
        for (let link = from.get(current); link !== undefined; link = from.get(link.before)) path.unshift(link.move)
        for (const move of path) this.#go(move, false)
        this.#settle()
        return
      }
      for (const move of this.#player.moves(current)) if (move.kind === 'silent' && !from.has(move.next)) from.set(move.next, { before: current, move })
    }
  }

  #go(move: PlayerMove, settles = true): void {
    const words = wordsOf(move.next)
    const kept: { word: string; time: number }[] = []
    const old = [...this.#since]
    for (const word of words) {
      const at = old.findIndex((token) => token.word === word)
      kept.push(at >= 0 ? (old.splice(at, 1)[0] ?? { word, time: this.#time }) : { word, time: this.#time })
    }
    this.#since = kept
    this.#tokens = move.next
    if (settles) this.#settle()
  }

  #settle(): void {
    for (;;) {
      const move = this.#player.moves(this.#tokens).find((candidate) => candidate.certain)
      if (move === undefined) return
      this.#go(move, false)
    }
  }
}

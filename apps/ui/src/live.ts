import type { LiveMessage } from '@tidemark/api'
import { useSyncExternalStore } from 'react'
import { stream } from './api.js'
import { heardTrackerTime } from './clock.js'
import { SseParser } from './sse.js'
import { onTokenChange } from './token.js'

/**
 * What changed, as it happens: one connection for the whole page. States: connecting -> live -> reconnecting -> live ...; it never gives
 * up, waits longer from try to try, and resumes after the last id it saw. `changed` messages are gathered and told at most twice a second,
 * and not while the tab is hidden (then once, on return). `moved` messages are told at once, and not at all while hidden: nobody would see
 * the tokens move.
 */
export type LiveState = 'connecting' | 'live' | 'reconnecting'
export interface Changes {
  /** Ids; 'everything' after a reconnect or a reset. */
  models: ReadonlySet<string> | 'everything'
  alerts: boolean
  commands: boolean
}
export type Moved = Extract<LiveMessage, { kind: 'moved' }>

export const gatherMs = 500
/** The tracker says something at least each 15 s; two and a half silences mean that the line is dead. */
const silenceMs = 40_000
const firstRetryMs = 500
const maxRetryMs = 10_000

class Live {
  state: LiveState = 'connecting'
  #stateListeners = new Set<() => void>()
  #changeListeners = new Set<(changes: Changes) => void>()
  #moveListeners = new Set<(moved: Moved) => void>()
  #gathered: { models: Set<string>; everything: boolean; alerts: boolean; commands: boolean } | undefined
  #gatherTimer: ReturnType<typeof setTimeout> | undefined
  #lastId: string | undefined
  #attempt: AbortController | undefined
  #running = false

  start(): void {
    if (this.#running) return
    this.#running = true
    document.addEventListener('visibilitychange', () => this.#tellChanges())
    window.addEventListener('online', () => this.#attempt?.abort())
    onTokenChange(() => this.#attempt?.abort())
    void this.#run()
  }

  onState = (listener: () => void): (() => void) => {
    this.#stateListeners.add(listener)
    return () => this.#stateListeners.delete(listener)
  }

  onChanges(listener: (changes: Changes) => void): () => void {
    this.#changeListeners.add(listener)
    return () => this.#changeListeners.delete(listener)
  }

  onMoved(listener: (moved: Moved) => void): () => void {
    this.#moveListeners.add(listener)
    return () => this.#moveListeners.delete(listener)
  }

  async #run(): Promise<never> {
    let failures = 0
    for (;;) {
      this.#attempt = new AbortController()
      try {
        await this.#read(this.#attempt, () => (failures = 0))
      } catch {
        // Whatever it was, the answer is the same: say that we are not live, and try again.
      }
      this.#become('reconnecting')
      await pause(Math.min(maxRetryMs, firstRetryMs * 2 ** failures++), this.#attempt.signal)
    }
  }

  async #read(attempt: AbortController, connected: () => void): Promise<void> {
    let silence = setTimeout(() => attempt.abort(), silenceMs)
    try {
      const answer = await stream('/live', this.#lastId === undefined ? {} : { 'last-event-id': this.#lastId }, attempt.signal)
      const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader()
      const parser = new SseParser()
      connected()
      if (this.state === 'reconnecting') this.#gather('everything')
      this.#become('live')
      for (;;) {
        const { done, value } = await reader.read()
        if (done) return
        clearTimeout(silence)
        silence = setTimeout(() => attempt.abort(), silenceMs)
        for (const message of parser.push(value)) {
          if (message.id !== undefined) this.#lastId = message.id
          this.#take(JSON.parse(message.data) as LiveMessage)
        }
      }
    } finally {
      clearTimeout(silence)
    }
  }

  #take(message: LiveMessage): void {
    if (message.kind === 'hello') heardTrackerTime(message.now, message.scale)
    else if (message.kind === 'reset') this.#gather('everything')
    else if (message.kind === 'moved') {
      if (!document.hidden) for (const listener of this.#moveListeners) listener(message)
    } else if (message.kind === 'changed') {
      heardTrackerTime(message.now)
      this.#gather(message)
    }
  }

  #gather(what: 'everything' | { models: readonly string[]; alerts: boolean; commands: boolean }): void {
    const gathered = (this.#gathered ??= { models: new Set(), everything: false, alerts: false, commands: false })
    if (what === 'everything') Object.assign(gathered, { everything: true, alerts: true, commands: true })
    else {
      for (const model of what.models) gathered.models.add(model)
      gathered.alerts ||= what.alerts
      gathered.commands ||= what.commands
    }
    // Told at once when it was quiet, else at the end of the running half second.
    if (this.#gatherTimer === undefined) this.#tellChanges()
  }

  #tellChanges(): void {
    if (document.hidden || this.#gathered === undefined || this.#gatherTimer !== undefined) return
    const { models, everything, alerts, commands } = this.#gathered
    this.#gathered = undefined
    this.#gatherTimer = setTimeout(() => {
      this.#gatherTimer = undefined
      this.#tellChanges()
    }, gatherMs)
    for (const listener of this.#changeListeners) listener({ models: everything ? 'everything' : models, alerts, commands })
  }

  #become(state: LiveState): void {
    if (this.state === state) return
    this.state = state
    for (const listener of this.#stateListeners) listener()
  }
}

export const live = new Live()

export function useLiveState(): LiveState {
  return useSyncExternalStore(live.onState, () => live.state)
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  // An attempt that was given up on purpose (token given, network back) is followed by the next one at once.
  if (signal.aborted) return new Promise((resolve) => setTimeout(resolve, firstRetryMs))
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true })
  })
}

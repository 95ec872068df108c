import { useSyncExternalStore } from 'react'

/**
 * The tracker's clock, carried forward here: its last word plus the time that passed since, at the clock's own speed. The browser's date
 * is never asked, so a machine whose clock is wrong, or a demo whose day is a second, shows the same ages as the tracker.
 */
interface Basis {
  trackerMs: number
  /** performance.now() when that was true. */
  heardMs: number
  scale: number
}

let basis: Basis | undefined

/** `scale` is absent where a message carries only the time: the speed known so far holds. */
export function heardTrackerTime(iso: string, scale?: number): void {
  const trackerMs = Date.parse(iso)
  if (Number.isNaN(trackerMs)) return
  basis = { trackerMs, heardMs: performance.now(), scale: scale ?? basis?.scale ?? 1 }
}

/** Milliseconds since the epoch on the tracker's clock; undefined until it was heard once. */
export function trackerNow(): number | undefined {
  if (basis === undefined) return undefined
  return basis.trackerMs + (performance.now() - basis.heardMs) * basis.scale
}

/** How many of the tracker's seconds pass in one. */
export function clockScale(): number {
  return basis?.scale ?? 1
}

/** The tracker's now, renewed once a second for everyone who shows an age. */
export function useTrackerNow(): number | undefined {
  return useSyncExternalStore(subscribe, () => shown)
}

const tickMs = 1000
const listeners = new Set<() => void>()
let shown: number | undefined
let timer: ReturnType<typeof setInterval> | undefined

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  if (timer === undefined) {
    shown = trackerNow()
    timer = setInterval(tick, tickMs)
  }
  return () => {
    listeners.delete(listener)
    if (listeners.size === 0) {
      clearInterval(timer)
      timer = undefined
    }
  }
}

function tick(): void {
  if (document.hidden) return
  shown = trackerNow()
  for (const listener of listeners) listener()
}

/** So that ages appear with the first answer and not a tick later. */
export function showTrackerTimeNow(): void {
  if (shown === undefined) tick()
}

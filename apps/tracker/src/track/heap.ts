/**
 * How far the heap of this process may grow beyond what lives in it, before V8 marks all of it. Marking takes both processors for a third of a second, and
 * who asks then waits that long, so it is to happen seldom: while little lives, the heap fills what a process that holds very much needs anyway.
 */
import { constants, PerformanceObserver, type NodeGCPerformanceDetail, type PerformanceEntry } from 'node:perf_hooks'
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'

const MOST_PERCENT = 400
const LEAST_PERCENT = 100
/** V8 reads the percentage when it has marked: it must say by then what is right then. */
const LOOK_MS = 500
/** Of what instances in memory count for by the estimate of units.ts, at most so much is there. */
const REAL_SHARE = 0.75
/** What batches under way hold at one marking and not at another. */
const PASSING_BYTES = 40 * 1024 * 1024

/** What the heap may fill, young generation left out, before all of it is marked. */
export interface HeapBounds {
  /** Whatever the rest of the process takes. */
  readonly leastBytes: number
  /** More is not worth it; and the rest may come to take more before the heap is marked again. */
  readonly mostBytes: number
  /** Between these, what is left of so much. */
  readonly processBytes: number
}

/** What was there when all of the heap was marked last. */
export interface Marked {
  /** Bytes outside of the young generation. */
  readonly liveBytes: number
  /** What the process has beside that part of the heap: buffers, the young generation, what the allocator keeps. */
  readonly outsideBytes: number
  /** What instances in memory counted for. */
  readonly keptBytes: number
}

let marked: Marked | undefined
let said: number | undefined
/** Runs that hold very much. */
let sparing = 0

/**
 * From now on, for good. The heap outside of the young generation fills what it may before it is marked, or twice what lives where that is more.
 * @param keptBytes what instances in memory count for: they may become many more between two markings
 */
export function letHeapFill(bounds: HeapBounds, keptBytes: () => number): void {
  const say = () => {
    const percent = marked === undefined || sparing > 0 ? LEAST_PERCENT : growthPercent(marked, keptBytes(), bounds)
    if (percent === said) return
    said = percent
    setFlagsFromString(`--heap-growing-percent=${percent}`)
  }
  new PerformanceObserver((list) => {
    if (!list.getEntries().some(isMarking)) return
    const { used, committed } = oldBytes()
    marked = { liveBytes: used, outsideBytes: process.memoryUsage.rss() - committed, keptBytes: keptBytes() }
    say()
  }).observe({ entryTypes: ['gc'] })
  say()
  setInterval(say, LOOK_MS).unref()
}

/** With what may live when all is marked next, what may be filled is filled before it is marked again. */
export function growthPercent(marked: Marked, keptBytes: number, { leastBytes, mostBytes, processBytes }: HeapBounds): number {
  const fillBytes = Math.max(leastBytes, Math.min(mostBytes, processBytes - marked.outsideBytes))
  const liveNext = marked.liveBytes + PASSING_BYTES + Math.max(0, keptBytes - marked.keptBytes) * REAL_SHARE
  // In steps, so that it is not said again for each instance more.
  const percent = Math.floor((fillBytes / liveNext - 1) * 10) * 10
  return Math.min(MOST_PERCENT, Math.max(LEAST_PERCENT, percent))
}

/** While it runs, which holds very much, the heap grows to twice what lives in it: another multiple would be too much. */
export async function sparingly<Result>(run: () => Promise<Result>): Promise<Result> {
  sparing++
  try {
    return await run()
  } finally {
    sparing--
  }
}

/** The type leaves out what an entry of this kind has. */
function isMarking(entry: PerformanceEntry & { readonly detail?: NodeGCPerformanceDetail }): boolean {
  return entry.detail?.kind === constants.NODE_PERFORMANCE_GC_MAJOR
}

function oldBytes(): { readonly used: number; readonly committed: number } {
  let [used, committed] = [0, 0]
  for (const { space_name: name, space_used_size: own, physical_space_size: physical } of getHeapSpaceStatistics()) {
    if (name.startsWith('new_')) continue
    used += own
    committed += physical
  }
  return { used, committed }
}

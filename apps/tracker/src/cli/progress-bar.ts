import { SingleBar } from 'cli-progress'
import { grouped, note } from './output.js'

/** Plain lines, where nobody watches a terminal, come no more often than this. */
const LINE_EVERY_MS = 5_000
/** The bar is redrawn no more often than this. */
const DRAW_EVERY_MS = 100

/**
 * Long work as people see it: a bar with rate and time left on a terminal, a plain line now and then elsewhere. Both on standard error, so
 * that results can be piped.
 */
export interface ProgressBar {
  /** @param fraction done, 0..1 @param count of units done @param remark e.g. `waiting for the tracker` */
  update(fraction: number, count: number, remark?: string): void
  stop(): void
}

export function startProgress(label: string, unit: string, stream: NodeJS.WriteStream = process.stderr): ProgressBar {
  return stream.isTTY === true ? barOn(stream, label, unit) : linesOn(label, unit)
}

function barOn(stream: NodeJS.WriteStream, label: string, unit: string): ProgressBar {
  const began = performance.now()
  let drawn = -Infinity
  const bar = new SingleBar({
    stream, hideCursor: true, clearOnComplete: false, fps: 10, barCompleteChar: '█', barIncompleteChar: '░', barsize: 28,
    format: `${label} {bar} {percentage}% · {count} ${unit} · {rate}/s · {left} left {remark}`,
  })
  bar.start(1000, 0, { count: '0', rate: '-', left: '-', remark: '' })
  return {
    update(fraction, count, remark = '') {
      if (performance.now() - drawn < DRAW_EVERY_MS && fraction < 1) return
      drawn = performance.now()
      const seconds = (drawn - began) / 1000
      bar.update(Math.floor(fraction * 1000), { count: grouped(count), rate: grouped(count / Math.max(seconds, 0.001)), left: timeLeft(fraction, seconds), remark })
    },
    stop: () => bar.stop(),
  }
}

function linesOn(label: string, unit: string): ProgressBar {
  const began = performance.now()
  let said = began
  return {
    update(fraction, count, remark = '') {
      const now = performance.now()
      if (now - said < LINE_EVERY_MS) return
      said = now
      const seconds = (now - began) / 1000
      const parts = [`${label}: ${Math.floor(fraction * 100)} %`, `${grouped(count)} ${unit}`, `${grouped(count / seconds)}/s`, `${timeLeft(fraction, seconds)} left`, remark]
      note(parts.filter(Boolean).join(', '))
    },
    stop: () => undefined,
  }
}

/** Extrapolates from the rate so far. */
export function timeLeft(fraction: number, seconds: number): string {
  if (fraction <= 0) return '-'
  const left = Math.round((seconds / Math.min(fraction, 1)) * (1 - Math.min(fraction, 1)))
  if (left < 60) return `${left} s`
  return left < 3600 ? `${Math.floor(left / 60)} min ${left % 60} s` : `${Math.floor(left / 3600)} h ${Math.floor((left % 3600) / 60)} min`
}

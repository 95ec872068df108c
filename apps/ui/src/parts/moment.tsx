import { useTrackerNow } from '../clock.js'
import { countdownText, durationText, momentText, momentTitle, relativeText } from '../times.js'

/**
 * How long ago on the tracker's clock; the absolute time with its zone on hover. What has happened is never said to be ahead: the clock
 * that is carried forward here may lag a little, and on a fast clock a little is hours.
 */
export function Ago({ at }: { at: string }) {
  const nowMs = useTrackerNow()
  return (
    <time dateTime={at} title={momentTitle(at)} className="number">
      {nowMs === undefined ? momentText(at, false) : relativeText(Math.min(Date.parse(at), nowMs), nowMs)}
    </time>
  )
}

/** The absolute time in the reader's zone. */
export function Moment({ at, precise = true }: { at: string; precise?: boolean }) {
  return (
    <time dateTime={at} title={momentTitle(at)} className="number">
      {momentText(at, precise)}
    </time>
  )
}

/** How long it has lasted, or did; what still lasts is not measured finer than the clock that is carried forward here. */
export function Lasting({ from, to }: { from: string; to?: string | undefined }) {
  const nowMs = useTrackerNow()
  const untilMs = to === undefined ? nowMs : Date.parse(to)
  const lastedMs = untilMs === undefined ? undefined : untilMs - Date.parse(from)
  return (
    <span className="number" title={momentTitle(from)}>
      {lastedMs === undefined ? '' : to === undefined && lastedMs < leastMs ? '0 s' : durationText(lastedMs)}
    </span>
  )
}

const leastMs = 1_000

/** "in 4 d", "2 h over": on the tracker's clock, counting. */
export function Countdown({ to }: { to: string }) {
  const nowMs = useTrackerNow()
  return (
    <time dateTime={to} title={momentTitle(to)} className="number">
      {nowMs === undefined ? momentText(to, false) : countdownText(Date.parse(to), nowMs)}
    </time>
  )
}

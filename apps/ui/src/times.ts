/** Durations and moments in words. Pure: the moment that "now" is comes from the tracker's clock, see clock.ts. */

const secondMs = 1000
const minuteMs = 60 * secondMs
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs
const yearMs = 365.25 * dayMs
/** Up to here deadlines and waits are counted in days; beyond it lies history. */
const daysUntilMs = 2 * yearMs

/** "412 ms", "3.2 s", "12 min", "3 h 12 min", "4 d 2 h", "38 d", "3.3 y": two units at most, so that a column of them reads at a glance. */
export function durationText(durationMs: number): string {
  const ms = Math.max(0, durationMs)
  if (ms < secondMs) return `${Math.round(ms)} ms`
  if (ms < 10 * secondMs) return `${trimmed(ms / secondMs)} s`
  if (ms < minuteMs) return `${Math.floor(ms / secondMs)} s`
  if (ms < hourMs) return `${Math.floor(ms / minuteMs)} min`
  if (ms < dayMs) return twoUnits(ms, hourMs, 'h', minuteMs, 'min')
  if (ms < 10 * dayMs) return twoUnits(ms, dayMs, 'd', hourMs, 'h')
  if (ms < daysUntilMs) return `${Math.floor(ms / dayMs)} d`
  return `${trimmed(ms / yearMs)} y`
}

/** "6.5 h", "12 d": one unit, where there is room for no more. */
export function briefDurationText(durationMs: number): string {
  const ms = Math.max(0, durationMs)
  const [unitMs, name] =
    ms < secondMs
      ? [1, 'ms']
      : ms < minuteMs
        ? [secondMs, 's']
        : ms < hourMs
          ? [minuteMs, 'min']
          : ms < dayMs
            ? [hourMs, 'h']
            : [dayMs, 'd']
  const value = ms / unitMs
  return `${value < 9.95 && unitMs > 1 ? trimmed(value) : Math.round(value).toLocaleString('en')} ${name}`
}

/** "3 h 12 min ago", "in 4 d", "now" within a second. */
export function relativeText(momentMs: number, nowMs: number): string {
  const aheadMs = momentMs - nowMs
  if (Math.abs(aheadMs) < secondMs) return 'now'
  return aheadMs < 0 ? `${durationText(-aheadMs)} ago` : `in ${durationText(aheadMs)}`
}

/** What a deadline says: "in 4 d", or "2 h over". */
export function countdownText(dueMs: number, nowMs: number): string {
  return dueMs >= nowMs ? `in ${durationText(dueMs - nowMs)}` : `${durationText(nowMs - dueMs)} over`
}

/** "1 s is 1 day", for a clock that does not run at the speed of the wall's. */
export function scaleText(scale: number): string {
  if (scale === 86_400) return 'a day passes in a second'
  if (scale === 3600) return 'an hour passes in a second'
  if (scale === 60) return 'a minute passes in a second'
  return scale < 1 ? `runs at ${trimmed(scale)} of real time` : `${durationText(scale * secondMs)} pass in a second`
}

/** In the reader's zone: "12 Mar 2026, 14:03:22". Without seconds where `precise` is false. */
export function momentText(iso: string, precise = true): string {
  const moment = new Date(iso)
  if (Number.isNaN(moment.getTime())) return iso
  return (precise ? preciseFormat : shortFormat).format(moment)
}

/** As a field for date and time takes it, in the reader's zone: "2026-03-12T14:03:22". */
export function localText(iso: string): string {
  const moment = new Date(iso)
  return Number.isNaN(moment.getTime()) ? '' : new Date(moment.getTime() - moment.getTimezoneOffset() * minuteMs).toISOString().slice(0, 19)
}

/** The inverse; undefined where it is no moment after the year 1000 (a year that is still being typed). */
export function fromLocalText(local: string): string | undefined {
  const moment = new Date(local)
  return Number.isNaN(moment.getTime()) || moment.getFullYear() < 1000 ? undefined : moment.toISOString()
}

/** "12 Mar 2026": where a day passes in a second the hour says nothing. */
export function dayText(iso: string): string {
  return dayFormat.format(new Date(iso))
}

/** The full moment with milliseconds and the zone, in the reader's zone and in UTC: what a hover shows. */
export function momentTitle(iso: string): string {
  const moment = new Date(iso)
  if (Number.isNaN(moment.getTime())) return iso
  return `${fullFormat.format(moment)} (${zoneName})\n${moment.toISOString()} UTC`
}

export const zoneName = new Intl.DateTimeFormat().resolvedOptions().timeZone

const day = { day: 'numeric', month: 'short', year: 'numeric' } as const
const clock = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const
const dayFormat = new Intl.DateTimeFormat('en-GB', day)
const preciseFormat = new Intl.DateTimeFormat('en-GB', { ...day, ...clock, second: '2-digit' })
const shortFormat = new Intl.DateTimeFormat('en-GB', { ...day, ...clock })
const fullFormat = new Intl.DateTimeFormat('en-GB', {
  ...day,
  ...clock,
  second: '2-digit',
  fractionalSecondDigits: 3,
  timeZoneName: 'short',
})

function twoUnits(ms: number, bigMs: number, bigName: string, smallMs: number, smallName: string): string {
  const big = Math.floor(ms / bigMs)
  const small = Math.floor((ms - big * bigMs) / smallMs)
  return small === 0 ? `${big} ${bigName}` : `${big} ${bigName} ${small} ${smallName}`
}

function trimmed(value: number): string {
  return value.toFixed(1).replace(/\.0$/, '')
}

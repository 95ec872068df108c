import { durationText } from './times.js'

/** What a person types for "waiting longer than" ("3 d", "90min", "P3D") as an ISO 8601 duration; undefined where it is none. */
export function parseWaiting(typed: string): string | undefined {
  const text = typed.trim()
  if (/^P(?=\d|T\d)(\d+[YMWD])*(T(\d+(\.\d+)?[HMS])+)?$/i.test(text)) return text.toUpperCase()
  const match = /^(\d+)\s*(s|sec|seconds?|m|min|minutes?|h|hours?|d|days?|w|weeks?)$/i.exec(text)
  if (match === null) return undefined
  const unit = match[2]!.charAt(0).toUpperCase()
  return unit === 'D' || unit === 'W' ? `P${match[1]}${unit}` : `PT${match[1]}${unit}`
}

/** The inverse, for people: "3 d". What has months or years stays as it is. */
export function waitingText(iso: string): string {
  const match = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?)?$/.exec(iso)
  if (match === null) return iso
  const [weeks, days, hours, minutes, seconds] = match.slice(1).map((part) => Number(part ?? 0)) as [number, number, number, number, number]
  const ms = ((((weeks * 7 + days) * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000
  return ms === 0 ? iso : durationText(ms)
}

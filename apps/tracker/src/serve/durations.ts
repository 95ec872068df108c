import { TrackerError } from '../problem.js'

const DAY_MS = 86_400_000
const shape = /^P(?:(\d+(?:\.\d+)?)W)?(?:(\d+(?:\.\d+)?)D)?(?:T(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?)?$/i

/** Milliseconds of an ISO 8601 duration in a query (a day is 24 hours; no months or years); `attribute` names it in the refusal. */
export function parseDurationMs(text: string | undefined, attribute: string): number | undefined {
  if (text === undefined) return undefined
  const parts = shape.exec(text)?.slice(1)
  if (parts === undefined || parts.every((part) => part === undefined)) {
    throw new TrackerError('invalidRequest', 400, `${attribute} is not a duration: write it as PT2H, P3D or P1W.`, [
      { attribute, message: 'not an ISO 8601 duration' },
    ])
  }
  const units = [7 * DAY_MS, DAY_MS, 3_600_000, 60_000, 1_000]
  return Math.round(parts.reduce((sum, part, i) => sum + Number(part ?? 0) * units[i]!, 0))
}

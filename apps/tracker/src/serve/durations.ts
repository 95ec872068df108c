import { durationMs } from '@tidemark/bpmn'
import { TrackerError } from '../problem.js'

/** Milliseconds of an ISO 8601 duration in a query; `attribute` names it in the refusal. */
export function parseDurationMs(text: string | undefined, attribute: string): number | undefined {
  if (text === undefined) return undefined
  const ms = durationMs(text)
  if (Number.isNaN(ms)) {
    throw new TrackerError('invalidRequest', 400, `${attribute} is not a duration: write it as PT2H, P3D or P1W.`, [
      { attribute, message: 'not an ISO 8601 duration' },
    ])
  }
  return ms
}

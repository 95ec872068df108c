import type { Finding, ProcessModel } from '../model.js'

/** Our own rules over a bound process. */
export function check(_process: ProcessModel): Finding[] {
  return []
}

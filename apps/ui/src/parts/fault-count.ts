import type { Status } from '@tidemark/api'

/** What waits for somebody because it cannot be followed or fetched; none is a page that nobody needs to find. */
export function faultCount(status: Pick<Status, 'faults' | 'waysIn'> | undefined): number {
  if (status === undefined) return 0
  const { instances, models, events } = status.faults
  return instances + models + events + status.waysIn.filter(({ error }) => error !== undefined).length
}

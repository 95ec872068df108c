import type { ModelSummary } from '@tidemark/api'
import type { ModelCountRow, ModelVersionRow } from '../store/read/models.js'
import { rfc3339 } from './times.js'

/**
 * A model as the API answers it, from its versions (oldest first) and its counters.
 * @param head last position of the log, which a version that catches up runs towards
 */
export function showModel(versions: readonly ModelVersionRow[], counts: ModelCountRow | undefined, head: bigint): ModelSummary {
  const newest = versions.at(-1)!
  const lastEventAt = Number(counts?.last_event_at ?? 0)
  return {
    id: newest.model,
    name: newest.name,
    version: newest.version,
    versions: versions.map((version) => ({
      version: version.version,
      deployedAt: rfc3339(version.deployed_at),
      status: version.status,
      ...(version.status === 'catchingUp' ? { progress: progressOf(version.position, head) } : {}),
      findings: [...version.findings],
    })),
    mode: newest.mode,
    ...showCounts(counts),
    ...(lastEventAt > 0 ? { lastEventAt: rfc3339(lastEventAt) } : {}),
  }
}

/** The six figures of a model or version; all 0 where nothing was followed yet. */
export function showCounts(counts: ModelCountRow | undefined) {
  return {
    active: Number(counts?.active ?? 0), completed: Number(counts?.completed ?? 0), terminated: Number(counts?.terminated ?? 0),
    stuck: Number(counts?.stuck ?? 0), late: Number(counts?.late ?? 0), deviating: Number(counts?.deviating ?? 0),
  }
}

function progressOf(position: string, head: bigint): number {
  return head <= 0n ? 1 : Math.min(1, Number(position) / Number(head))
}

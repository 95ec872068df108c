/** What an entry that deploys a file makes: a version of each process in it that changed. */
import { parseMapping, readProcesses } from '@tidemark/bpmn'
import { ALWAYS, sourceHash } from '../store/model-source.js'
import type { FollowStatus, insertModelVersion } from '../store/write/model-versions.js'
import type { Decoded } from './core/decode.js'
import type { Models } from './models.js'

/** `status`: of a shard that comes to its entry. */
export type DeployedVersion = Parameters<typeof insertModelVersion>[1] & { readonly status: FollowStatus }

/** None where the file cannot be tracked or cannot be read. The first version of a model catches up from the beginning of the log. */
export async function deployedVersions(decoded: Decoded, models: Models): Promise<readonly DeployedVersion[]> {
  if (decoded.kind !== 'model') return []
  const { entry, model: { xml, mapping, decision, takesOver } } = decoded
  const side = mapping === undefined ? undefined : parseMapping(mapping)
  const read = await readProcesses(xml, { ...(side?.mapping === undefined ? {} : { mapping: side.mapping }), ...(decision === undefined ? {} : { decision }) })
  const findings = [...(side?.findings ?? []), ...read.findings]
  if (findings.some((finding) => finding.severity === 'error')) return []
  const hash = sourceHash(xml, mapping, decision)
  return read.processes.flatMap((process) => {
    const newest = models.newestBefore(process.id, entry.position)
    if (newest?.stored.hash === hash) return []
    const since = newest !== undefined && takesOver?.model === process.id ? Math.min(takesOver.since, entry.appendTime) : undefined
    return [{
      model: process.id, version: (newest?.stored.version ?? 0) + 1, hash, process, xml, mapping: mapping ?? null, decision: decision ?? null, findings,
      status: newest === undefined || since !== undefined ? 'catchingUp' as const : 'active' as const,
      // From the next moment on: what came before it in the same millisecond has been read by the one before.
      deployedAt: entry.appendTime, deployedPosition: entry.position, inForceFrom: newest === undefined ? ALWAYS : since ?? entry.appendTime + 1,
    }]
  })
}

/** Which snapshot of a directory state may be built from: one of this log, at a place that the log still reaches, that was found to be right. */
import type { Log } from '@tidemark/log'
import { migrations } from '@tidemark/migrations'
import { TrackerError } from '../../problem.js'
import { assertSameLog } from '../log-position.js'
import { reaches } from '../reaches.js'
import { listSnapshots, type Snapshot } from './files.js'

/** What is asked of the log. */
export type LogOfSnapshots = Pick<Log, 'identity' | 'stats' | 'read' | 'lookup'>

export function isVerified({ verdict }: Snapshot): boolean {
  return verdict?.found === 'restored' || verdict?.found === 'folded'
}

/** Newest first. `because`: told of each that cannot be used, though it may have been thought so. */
export async function usableSnapshots(dir: string, log: LogOfSnapshots, because: (name: string, reason: string) => void = () => undefined): Promise<readonly Snapshot[]> {
  const usable: Snapshot[] = []
  for (const one of await listSnapshots(dir)) {
    const reason = 'error' in one ? one.error.detail : await whyNot(one, log)
    if (reason === undefined) usable.push(one as Snapshot)
    else because(one.name, reason)
  }
  return usable
}

/** Throws `snapshotOfAnotherLog`, or `logTrimmed` where what came after it is gone. */
export async function assertOfLog({ name, manifest }: Snapshot, log: LogOfSnapshots): Promise<void> {
  try {
    await assertSameLog(log, manifest.shards.map(({ position, checksum }) => ({ position, checksum, logIdentity: manifest.log })))
  } catch (error) {
    if (!(error instanceof TrackerError)) throw error
    throw new TrackerError('snapshotOfAnotherLog', 409, `The snapshot ${name} cannot be used with this log: it was taken of another one, or the log has lost its end since.`, undefined, { cause: error })
  }
  if (await reaches(log, manifest.position + 1n)) return
  throw new TrackerError('logTrimmed', 409, `The log begins at ${log.stats().first}, and the snapshot ${name} stands at ${manifest.position}: what lies between was dropped from it.`)
}

async function whyNot(snapshot: Snapshot, log: LogOfSnapshots): Promise<string | undefined> {
  const unknown = migrations.find(({ id, takesNothingOver }) => takesNothingOver === true && !snapshot.manifest.steps.includes(id))
  if (unknown !== undefined) return `it was taken by an earlier build, of whose state this one takes nothing over (${unknown.id})`
  if (!isVerified(snapshot)) return snapshot.verdict === undefined ? 'it was not checked yet' : 'the log gives another state'
  try {
    await assertOfLog(snapshot, log)
    return undefined
  } catch (error) {
    if (error instanceof TrackerError) return error.detail
    throw error
  }
}

/** What a commit of the tracker tells others, and what of one may be lost. */
import type { TransactionOptions } from '../store/database.js'
import type { Committed } from '../store/progress.js'
import type { Batch } from './batch.js'

/** What people may be shown anew; where our shards stand with it is added when it is committed. */
export type What = Omit<Committed, 'position' | 'clock'>

export const NOTHING_CHANGED: What = { models: [], instances: 0, alerts: false, commands: false, moves: [] }
/** People may be shown anything anew. */
export const ANYTHING: What = { ...NOTHING_CHANGED, alerts: true, commands: true }

/** What was committed and then lost to a crash of the machine is folded again from the log. */
export const REPLAYABLE: TransactionOptions = { synchronousCommit: false, byKey: true }

/** @param isControl there are entries in it of what people or we did */
export function summary({ changes }: Batch, isControl: boolean): What {
  return {
    models: [...new Set([...changes.counts.values()].map((counts) => counts.model))],
    instances: changes.instances.length,
    alerts: isControl || changes.members.length > 0 || changes.goneMembers.length > 0,
    commands: isControl || changes.commands.length > 0 || changes.goneCommands.length > 0,
    moves: changes.moves,
  }
}

/**
 * The statements that write what a batch changed: set-based, one per table, all issued at once, so that they share a round trip. What others write too
 * (counts, alerts, commands, deadlines) is sorted by key, so that two writers cannot wait for each other; what belongs to the shards is written by
 * one at a time, who has moved them first, and goes as it comes.
 */
import type { Writing } from '../database.js'
import { changeAlertMembers } from './alert-members.js'
import type { Changes } from './changes.js'
import { changeCommands } from './commands.js'
import { addCounts } from './counts.js'
import { writeFaults } from './faults.js'
import { writeFacts } from './facts.js'
import { writeHeldFates } from './keys.js'
import { writeInstances } from './instances.js'

/**
 * @param careful what should be new may be there already: after a commit failed, nothing is assumed about what the tables hold. Costs twice as
 *   much, and mends what would otherwise fail for ever.
 */
export function commitChanges(tx: Writing, changes: Changes, careful: boolean): Promise<unknown> {
  return Promise.all([
    ...writeFacts(tx, changes, careful), ...writeInstances(tx, changes, careful),
    ...addCounts(tx, changes), ...changeAlertMembers(tx, changes), ...changeCommands(tx, changes), ...writeFaults(tx, changes), ...writeHeldFates(tx, changes),
  ])
}

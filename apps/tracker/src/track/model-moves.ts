/** How far the shards of one version have come with it. */
import type { Transaction } from '../store/database.js'
import { moveModelShards, tellModelStatus, type FollowStatus, type ModelShard } from '../store/write/model-versions.js'
import { Fenced } from './fenced.js'

/** Rows of one version; those that are further stay. Throws {@link Fenced} where one of them does not stand where we think. */
export async function moveRows(tx: Transaction, rows: readonly ModelShard[], status: FollowStatus, position: bigint): Promise<void> {
  const [first] = rows
  if (first === undefined) return
  if (!(await moveModelShards(tx, rows.filter((row) => status === 'active' || row.position < position), { status, position }))) throw new Fenced()
  await tellModelStatus(tx, first.model, first.version)
}

/** The same rows as they stand then. */
export function movedRows(rows: readonly ModelShard[], status: FollowStatus, position: bigint): readonly ModelShard[] {
  return rows.map((row) => ({ ...row, status, position: row.position < position ? position : row.position }))
}

/** Entries that speak of alerts: what people did to them, and that they opened and cleared. */
import type { Queryable } from '../store/database.js'
import { acknowledgeAlert, clearAlert, openAlert, recordOperation, resolveAlert } from '../store/write/alerts.js'
import type { Decoded } from './core/decode.js'

export function concernsAlerts(decoded: Decoded): boolean {
  if (decoded.kind === 'settlement') return decoded.settlement.what === 'alertOpened' || decoded.settlement.what === 'alertCleared'
  return decoded.kind === 'operation' && 'alert' in decoded.operation
}

/** Applies it, and records every operation, also on commands. `channels`: where alerts are announced. */
export async function applyToAlerts(tx: Queryable, decoded: Decoded, channels: readonly string[]): Promise<void> {
  const { position, appendTime } = decoded.entry
  if (decoded.kind === 'settlement') {
    const { settlement } = decoded
    if (settlement.what === 'alertOpened') await openAlert(tx, settlement, appendTime, channels)
    if (settlement.what === 'alertCleared') await clearAlert(tx, settlement.alert, settlement.episode, appendTime, channels)
  }
  if (decoded.kind !== 'operation') return
  const { operation } = decoded
  const target = 'alert' in operation ? operation.alert : operation.command
  let outcome = 'done'
  if (operation.op === 'acknowledgeAlert' && !(await acknowledgeAlert(tx, operation.alert, operation.by, operation.comment, appendTime))) outcome = 'without effect'
  if (operation.op === 'resolveAlert' && !(await resolveAlert(tx, operation.alert, operation.by, operation.comment, appendTime, channels))) outcome = 'without effect'
  await recordOperation(tx, position, operation.op, target, operation.by, appendTime, operation.comment, outcome)
}

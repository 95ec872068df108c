/** Entries that speak of alerts: what people did to them, and that they opened and cleared. */
import type { Queryable } from '../store/database.js'
import { settleDelivery } from '../store/deliver/alerts.js'
import type { OperationEntry } from '../store/entries.js'
import {
  acknowledgeAlert, announceAlert, assignAlert, clearAlert, openAlert, recordOperation, resolveAlert, silenceAlert,
} from '../store/write/alerts.js'
import type { Decoded } from './core/decode.js'

export function concernsAlerts(decoded: Decoded): boolean {
  if (decoded.kind === 'settlement') return decoded.settlement.what.startsWith('alert')
  return decoded.kind === 'operation' && 'alert' in decoded.operation
}

/** Applies it, and records every operation, also on commands. `channels`: where alerts are announced. */
export async function applyToAlerts(tx: Queryable, decoded: Decoded, channels: readonly string[]): Promise<void> {
  const { position, appendTime } = decoded.entry
  if (decoded.kind === 'settlement') {
    const { settlement } = decoded
    if (settlement.what === 'alertOpened') await openAlert(tx, settlement, appendTime, channels)
    if (settlement.what === 'alertAnnounced') await announceAlert(tx, settlement.alert, settlement.episode, appendTime, channels)
    if (settlement.what === 'alertDelivered') await settleDelivery(tx, settlement.delivery, settlement.outcome, settlement.attempts, settlement.error)
    if (settlement.what === 'alertCleared') await clearAlert(tx, settlement.alert, settlement.episode, appendTime, channels)
  }
  if (decoded.kind !== 'operation') return
  const { operation } = decoded
  const took = await applyOperation(tx, operation, appendTime, channels)
  await recordOperation(tx, position, operation.op, targetOf(operation), operation.by, appendTime, operation.comment, took ? 'done' : 'without effect')
}

function targetOf(operation: OperationEntry): string {
  if ('alert' in operation) return operation.alert
  if ('command' in operation) return operation.command
  if ('instance' in operation) return operation.instance
  return 'position' in operation ? operation.position : operation.model
}

/** Whether it had an effect: what it asks for may have happened meanwhile. */
async function applyOperation(tx: Queryable, operation: OperationEntry, clock: number, channels: readonly string[]): Promise<boolean> {
  switch (operation.op) {
    case 'acknowledgeAlert':
      return acknowledgeAlert(tx, operation.alert, operation.by, operation.comment, clock)
    case 'resolveAlert':
      return resolveAlert(tx, operation.alert, operation.by, operation.comment, clock, channels)
    case 'assignAlert':
      return assignAlert(tx, operation.alert, operation.to)
    case 'silenceAlert':
      return silenceAlert(tx, operation.alert, operation.until, operation.by, clock)
    default:
      // On a command: its unit says what came of it.
      return true
  }
}

/** Entries that are no events: what they ask of the tracker itself, which passes them one by one. */
import type { SettlementEntry } from '../store/entries.js'
import type { Decoded } from './core/decode.js'

/** It is folded in a transaction of its own. */
export function isByItself(decoded: Decoded): boolean {
  return decoded.entry.kind === 'model' || resumesModel(decoded) !== undefined || dropsHistory(decoded) !== undefined
}

export function dropsHistory(decoded: Decoded): Extract<SettlementEntry, { what: 'historyDropped' }> | undefined {
  return decoded.kind === 'settlement' && decoded.settlement.what === 'historyDropped' ? decoded.settlement : undefined
}

export function resumesModel(decoded: Decoded): string | undefined {
  return decoded.kind === 'operation' && decoded.operation.op === 'resumeModel' ? decoded.operation.model : undefined
}

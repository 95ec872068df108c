import type { Draft, Log, Position } from '@tidemark/log'
import { SettlementEntry } from '../../store/entries.js'

/**
 * How far an outbox has been read. `read` is a snapshot of Postgres (`xmin:xmax:running,running`): what the transactions that it sees wrote has
 * been taken, and nothing else. So nothing is skipped that commits late, and nothing waits for it. `within`: the set of transactions that is
 * being taken now, up to the one that was the last to be appended.
 */
export interface OutboxPosition {
  readonly read: string
  readonly within?: {
    /** A later snapshot: the set is what it sees and `read` does not. */
    readonly target: string
    /** Of the last transaction, as Postgres writes it; absent where the database does not keep commit times. */
    readonly committed?: string | undefined
    /** Its id. */
    readonly transaction: string
    /** The highest id of those that were taken, which in the order of commits need not be the last. */
    readonly newest: string
  } | undefined
}

/** Sees no transaction at all: what an outbox begins with. */
export const NOTHING_READ: OutboxPosition = { read: '3:3:' }

/**
 * The snapshot, as far as it speaks of transactions up to the given one. Of later ones nothing is claimed: they wrote nothing here, and after
 * a crash Postgres gives the ids of transactions that left no trace to others, whose rows would otherwise be taken for read.
 */
export function upTo(snapshot: string, transaction: bigint): string {
  const [xmin, xmax, running] = snapshot.split(':') as [string, string, string]
  const end = transaction + 1n
  if (BigInt(xmax) <= end) return snapshot
  const within = running.split(',').filter((id) => id !== '' && BigInt(id) < end)
  return `${BigInt(xmin) < end ? xmin : end}:${end}:${within.join(',')}`
}

const SUBJECT = 'settlement.outbox'

/** Appended in one batch with the events that it stands behind, so that neither can be there without the other. */
export function positionDraft(outbox: string, position: OutboxPosition): Draft {
  const entry: SettlementEntry = { what: 'outboxRead', outbox, ...position }
  return { kind: 'settlement', subject: `${SUBJECT}.${outbox}`, payload: Buffer.from(JSON.stringify(entry)) }
}

/** Where the last position of each outbox stands, so that it is not dropped from the log. */
export async function placesOfPositions(log: Log, outboxes: readonly string[]): Promise<{ name: string; position: Position }[]> {
  const places: { name: string; position: Position }[] = []
  for (const outbox of outboxes) {
    const newest = log.read({ from: 'latest', backwards: true, limit: 1, kinds: ['settlement'], subjects: [`${SUBJECT}.${outbox}`] })
    for await (const [entry] of newest) places.push({ name: `outbox ${outbox}`, position: entry!.position })
  }
  return places
}

/** The position that stands last in the log; undefined where there is none. */
export async function storedPosition(log: Log, outbox: string): Promise<OutboxPosition | undefined> {
  const newest = log.read({ from: 'latest', backwards: true, limit: 1, kinds: ['settlement'], subjects: [`${SUBJECT}.${outbox}`] })
  for await (const [entry] of newest) {
    const settlement = SettlementEntry.parse(JSON.parse(Buffer.from(entry!.payload).toString()))
    if (settlement.what === 'outboxRead') return { read: settlement.read, within: settlement.within }
  }
  return undefined
}

/**
 * A position is only valid with its log. Beside each stored position stand the log's identity and the checksum of the entry at it: a log that lost
 * its end gives the same positions to other entries, and who goes on behind the last one would never see them.
 */
import { crc32 } from 'node:zlib'
import { LOST_SUBJECT, type Entry, type Log } from '@tidemark/log'
import { TrackerError } from '../problem.js'

export interface StoredPosition {
  readonly position: bigint
  /** Empty where none was written: nothing is folded yet, or an older version did it. */
  readonly checksum: string
  readonly logIdentity: string
}

/** What never changes of an entry, whoever reads it. Its append time is none of it: a stream's readers may smooth that differently. */
export function checksumOf({ kind, subject, key, payload }: Entry): string {
  return crc32(payload, crc32(`${kind}\u0000${subject}\u0000${key}\u0000`)).toString(16).padStart(8, '0')
}

/** Throws `logMismatch` where the log is another one than the positions were read from, or says other things there. */
export async function assertSameLog(log: Pick<Log, 'identity' | 'stats' | 'lookup'>, stored: readonly StoredPosition[]): Promise<void> {
  if (stored.some(({ logIdentity }) => logIdentity !== log.identity)) throw mismatch('The database was built from another log than the one it is started with.')
  const { first, last } = log.stats()
  const beyond = stored.find(({ position }) => position > last)
  if (beyond !== undefined) {
    throw mismatch(`The database has followed the log up to ${beyond.position}, and the log ends at ${last}: entries are missing at its end, as after restoring an older copy.`)
  }
  const checked = [...new Map(stored.filter(({ position, checksum }) => checksum !== '' && position >= first).map((one) => [one.position, one])).values()]
  const entries = checked.length === 0 ? [] : await log.lookup(checked.map(({ position }) => position))
  for (const [index, { position, checksum }] of checked.entries()) {
    const entry = entries[index]
    // What a repair put in the place of a damaged entry is a loss that somebody has accepted.
    if (entry?.subject === LOST_SUBJECT || (entry !== undefined && checksumOf(entry) === checksum)) continue
    throw mismatch(`The log says something else at position ${position} than what was folded from there: it lost its end, and has given the same positions to new entries.`)
  }
}

function mismatch(what: string): TrackerError {
  return new TrackerError('logMismatch', 500, `${what} Restore log and database from the same backup, or start with an empty database, which is then built from this log.`)
}

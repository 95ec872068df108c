/** What may be appended: the check that every log makes before it takes a batch, so that a batch is taken whole or not at all. */
import type { Draft, EntryKind } from './log.js'
import { LogError } from './log.js'
import { subjectFault } from './subjects.js'

/** Bytes of UTF-8 in a key. A CloudEvents source is a URI and an id a string; more than this is a mistake of the producer. */
export const MAX_KEY_BYTES = 4_096
/** Drafts in one append. */
export const MAX_DRAFTS = 65_536
/** Bytes of subjects, keys and payloads in one append, unless a log is opened with another bound. */
export const MAX_BATCH_BYTES = 16 * 1024 * 1024

/** The number of a kind in frames and masks. Never reuse one. */
export const kindCodes: Readonly<Record<EntryKind, number>> = { event: 1, model: 2, operation: 3, clock: 4, settlement: 5 }

/** Subjects repeat: remembers those that passed, at most this many. */
const MAX_REMEMBERED_SUBJECTS = 10_000

/** Checks drafts for one log. Throws LogError invalid or tooLarge that names the draft. */
export class DraftCheck {
  readonly #maxBatchBytes: number
  readonly #knownSubjects = new Set<string>()

  constructor(maxBatchBytes: number = MAX_BATCH_BYTES) {
    this.#maxBatchBytes = maxBatchBytes
  }

  /** Answers the bytes of subjects, keys and payloads together. */
  check(drafts: readonly Draft[]): number {
    if (drafts.length > MAX_DRAFTS) {
      throw new LogError('tooLarge', `A batch holds at most ${MAX_DRAFTS} drafts, this one has ${drafts.length}.`)
    }
    let sizeBytes = 0
    for (let i = 0; i < drafts.length; i++) sizeBytes += this.#checkOne(drafts[i]!, i)
    if (sizeBytes > this.#maxBatchBytes) {
      throw new LogError('tooLarge', `A batch holds at most ${this.#maxBatchBytes} bytes, this one has ${sizeBytes}: split it.`)
    }
    return sizeBytes
  }

  #checkOne(draft: Draft, i: number): number {
    if (kindCodes[draft.kind] === undefined) throw new LogError('invalid', `Draft ${i}: '${String(draft.kind)}' is not a kind of entry.`)
    if (!this.#knownSubjects.has(draft.subject)) this.#learnSubject(draft.subject, i)
    if (!(draft.payload instanceof Uint8Array)) throw new LogError('invalid', `Draft ${i}: its payload is not a Uint8Array.`)
    if (draft.time !== undefined && !Number.isSafeInteger(draft.time)) {
      throw new LogError('invalid', `Draft ${i}: its time ${draft.time} is not a whole number of milliseconds.`)
    }
    const keyLength = draft.key === undefined ? 0 : keyBytes(draft.key, i)
    return draft.subject.length + keyLength + draft.payload.byteLength
  }

  #learnSubject(subject: string, i: number): void {
    const fault = typeof subject === 'string' ? subjectFault(subject) : 'it is not a string'
    if (fault !== undefined) throw new LogError('invalid', `Draft ${i}: '${String(subject).slice(0, 80)}' is not a subject: ${fault}.`)
    if (this.#knownSubjects.size >= MAX_REMEMBERED_SUBJECTS) this.#knownSubjects.clear()
    this.#knownSubjects.add(subject)
  }
}

/** At least the UTF-16 units, which is what most keys have in bytes: near enough for the bound of a batch. */
function keyBytes(key: string, i: number): number {
  if (!key.isWellFormed()) throw new LogError('invalid', `Draft ${i}: its key is not well-formed text.`)
  // Three bytes per unit at most: only a key that may be too long needs the exact count.
  if (key.length * 3 <= MAX_KEY_BYTES) return key.length
  const bytes = Buffer.byteLength(key)
  if (bytes > MAX_KEY_BYTES) throw new LogError('tooLarge', `Draft ${i}: its key has ${bytes} bytes, at most ${MAX_KEY_BYTES} are taken.`)
  return bytes
}

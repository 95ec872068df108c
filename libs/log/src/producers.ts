/**
 * Idempotent retries: a producer numbers its batches, and a batch that comes again answers with its first result.
 * An epoch names one life of the producer; a higher one fences the lower ones off.
 */
import type { Appended, AppendOptions } from './log.js'
import { LogError } from './log.js'

export type Producer = NonNullable<AppendOptions['producer']>

/** Producers remembered; the one not heard of for longest is forgotten first. */
const MAX_PRODUCERS = 10_000
/** Results remembered per producer: how many batches it may have in flight when it has to repeat them. */
const REMEMBERED_RESULTS = 8
const MAX_PRODUCER_ID_BYTES = 255

interface Known {
  epoch: number
  /** By ascending sequence. */
  readonly results: { readonly sequence: number; readonly result: Appended }[]
}

export class Producers {
  readonly #known = new Map<string, Known>()

  /** The first result where this batch came before, undefined where it is new. Throws LogError fenced or invalid. */
  find(producer: Producer): Appended | undefined {
    check(producer)
    const known = this.#known.get(producer.id)
    if (known === undefined || producer.epoch > known.epoch) return undefined
    if (producer.epoch < known.epoch) {
      throw new LogError('fenced', `Producer '${producer.id}' goes on in epoch ${known.epoch}; epoch ${producer.epoch} may append no more.`)
    }
    const last = known.results.at(-1)!.sequence
    if (producer.sequence === last + 1) return undefined
    const earlier = known.results.find((it) => it.sequence === producer.sequence)
    if (earlier !== undefined) return earlier.result
    throw new LogError('invalid', producer.sequence > last
      ? `Producer '${producer.id}' skipped a batch: sequence ${producer.sequence} came, ${last + 1} was expected.`
      : `Producer '${producer.id}' repeats sequence ${producer.sequence}, but only the last ${REMEMBERED_RESULTS} results are remembered.`)
  }

  remember(producer: Producer, result: Appended): void {
    const before = this.#known.get(producer.id)
    const known = before !== undefined && before.epoch === producer.epoch ? before : { epoch: producer.epoch, results: [] }
    known.results.push({ sequence: producer.sequence, result })
    if (known.results.length > REMEMBERED_RESULTS) known.results.shift()
    this.#known.delete(producer.id)
    this.#known.set(producer.id, known)
    if (this.#known.size > MAX_PRODUCERS) this.#known.delete(this.#known.keys().next().value!)
  }

  /** Forgets the results of batches that were not stored in the end: those that hold a position from this one on. */
  forget(from: number): void {
    for (const [id, known] of this.#known) {
      const stored = known.results.filter(({ result }) => result.positions.every((position) => position < from))
      if (stored.length === known.results.length) continue
      if (stored.length === 0) this.#known.delete(id)
      else this.#known.set(id, { epoch: known.epoch, results: stored })
    }
  }
}

function check(producer: Producer): void {
  const whole = [producer.epoch, producer.sequence].every((it) => Number.isSafeInteger(it) && it >= 0)
  if (whole && producer.id !== '' && producer.id.isWellFormed() && Buffer.byteLength(producer.id) <= MAX_PRODUCER_ID_BYTES) return
  throw new LogError('invalid', `A producer needs an id of 1 to ${MAX_PRODUCER_ID_BYTES} bytes, and epoch and sequence counted from 0.`)
}

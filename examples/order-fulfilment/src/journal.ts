import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * What really happened, told by those who did it: the truth that a tracker's opinion is compared with.
 * `emitted`: the service did its work and said so to the others. Then of that event: `acknowledged`: the sink has it for good; `repeated`:
 * it goes to the sink twice; `delayed`: it goes there a day or two late; `withheld`: it never goes there; `rejected`: the sink refuses it.
 * `forgot`: the work will never be done. `obeyed`, `declined`: what became of a command. `stopped`: work dropped, the order is cancelled.
 */
export type Did =
  | 'emitted' | 'acknowledged' | 'repeated' | 'delayed' | 'withheld' | 'rejected' | 'forgot' | 'obeyed' | 'declined' | 'stopped'

export interface JournalEntry {
  /** True domain time, RFC 3339, whatever the service's own clock says. */
  readonly time: string
  readonly service: string
  readonly orderId: string
  readonly did: Did
  /** Type of the event or of the command. */
  readonly type?: string
  readonly eventId?: string
  readonly commandId?: string
  readonly note?: string
}

/** Orders kept in memory; beyond, the oldest are forgotten there. The file keeps all. Some 7 KB an order. */
const MAX_ORDERS_IN_MEMORY = 50_000

/** Append-only: in memory by order, and as JSON lines in a file where one is given. A file that is there already is read and continued. */
export class Journal {
  readonly #byOrder = new Map<string, JournalEntry[]>()
  readonly #maxOrders: number
  #file: number | undefined

  constructor(options: { readonly file?: string; readonly maxOrders?: number } = {}) {
    this.#maxOrders = options.maxOrders ?? MAX_ORDERS_IN_MEMORY
    if (options.file === undefined) return
    if (existsSync(options.file)) for (const entry of readEntries(options.file)) this.#remember(entry)
    mkdirSync(dirname(options.file), { recursive: true })
    this.#file = openSync(options.file, 'a')
  }

  write(entry: JournalEntry): void {
    this.#remember(entry)
    if (this.#file !== undefined) writeSync(this.#file, `${JSON.stringify(entry)}\n`)
  }

  /** Of one order, oldest first. */
  of(orderId: string): readonly JournalEntry[] {
    return this.#byOrder.get(orderId) ?? []
  }

  /** In order of their first entry. */
  orderIds(): readonly string[] {
    return [...this.#byOrder.keys()]
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file)
    this.#file = undefined
  }

  #remember(entry: JournalEntry): void {
    const entries = this.#byOrder.get(entry.orderId)
    if (entries !== undefined) {
      entries.push(entry)
      return
    }
    this.#byOrder.set(entry.orderId, [entry])
    if (this.#byOrder.size <= this.#maxOrders) return
    const oldest = this.#byOrder.keys().next()
    if (!oldest.done) this.#byOrder.delete(oldest.value)
  }
}

/** A last line that a crash cut short is left out. */
function readEntries(file: string): JournalEntry[] {
  const entries: JournalEntry[] = []
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    if (line === '') continue
    try {
      entries.push(JSON.parse(line) as JournalEntry)
    } catch {
      continue
    }
  }
  return entries
}

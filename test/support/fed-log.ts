/** A recorded log of which a test feeds as much as it likes, in small batches: whoever follows it sees the rest come in. */
import type { Entry, Log, LogStats, Position, ReadOptions } from '@tidemark/log'

export class FedLog implements Log {
  readonly identity: string
  #head = 0n
  #wake = new Set<() => void>()

  constructor(private readonly recorded: Log, private readonly batchSize: number) {
    this.identity = recorded.identity
  }

  /** @param share of all entries that is there from now on besides; 1: all */
  feed(share: number): void {
    const { last } = this.recorded.stats()
    const next = this.#head + BigInt(Math.ceil(Number(last) * share))
    this.#head = next > last ? last : next
    for (const wake of this.#wake) wake()
  }

  async *read(options: ReadOptions): AsyncGenerator<readonly Entry[]> {
    let from = typeof options.from === 'object' && 'position' in options.from ? options.from.position : 1n
    const { follow, signal, until: end, limit, ...rest } = options
    let left = limit ?? Infinity
    for (;;) {
      const until = end === undefined || end > this.#head ? this.#head : end
      if (from <= until) {
        for await (const entries of this.recorded.read({ ...rest, from: { position: from }, until, batchSize: this.batchSize })) {
          if (signal?.aborted === true || left <= 0) return
          yield entries
          left -= entries.length
          from = entries.at(-1)!.position + 1n
        }
      }
      if (follow !== true || signal?.aborted === true) return
      if (from > this.#head) await this.#grows(signal)
    }
  }

  stats(): LogStats {
    return { ...this.recorded.stats(), last: this.#head, entries: Number(this.#head) }
  }

  entriesAfter(position: Position): number {
    return Number(this.#head - position)
  }

  lookup(positions: readonly Position[]): Promise<readonly (Entry | undefined)[]> {
    return this.recorded.lookup(positions)
  }

  append(): Promise<never> {
    return Promise.reject(new Error('a recorded log takes nothing in'))
  }

  trim(): Promise<never> {
    return Promise.reject(new Error('a recorded log is not trimmed'))
  }

  async registerReader(): Promise<void> {}
  async readerPosition(): Promise<undefined> {}
  async unregisterReader(): Promise<void> {}
  async close(): Promise<void> {}

  #grows(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#wake.delete(done)
        signal?.removeEventListener('abort', done)
        resolve()
      }
      this.#wake.add(done)
      signal?.addEventListener('abort', done)
    })
  }
}

/** The log as one tracker sees it, with faults. */
import { LogError, type Appended, type AppendOptions, type Draft, type Entry, type Log, type LogStats, type Position, type ReadOptions } from '@tidemark/log'
import type { Chance } from './chance.js'
import { never, type Life } from './life.js'
import type { VirtualTime } from './virtual-time.js'

const SLOW_MS = { least: 5, most: 2_000 }

export class FaultyLog implements Log {
  /** @param batchEntries that are read at once at most: where batches are cut changes nothing */
  constructor(
    private readonly log: Log, private readonly life: Life, private readonly chance: Chance, private readonly time: VirtualTime,
    private readonly isDown: () => boolean, private readonly batchEntries: number,
  ) {}

  get identity(): string {
    return this.log.identity
  }

  async append(drafts: readonly Draft[], options?: AppendOptions): Promise<Appended> {
    const { life, chance } = this
    await life.running()
    if (chance.strikes('the log is slow')) {
      await this.time.sleep(SLOW_MS.least + chance.roll('how slow') ** 3 * (SLOW_MS.most - SLOW_MS.least))
      await life.running()
    }
    if (this.isDown() || chance.strikes('the log takes nothing')) throw this.#failure()
    if (chance.strikes('death before an append')) return this.#die()
    const appended = await this.log.append(drafts, options)
    if (chance.strikes('death after an append')) return this.#die()
    await life.running()
    if (chance.strikes('the answer of the log is lost')) throw this.#failure()
    return appended
  }

  async *read(options: ReadOptions): AsyncGenerator<readonly Entry[]> {
    await this.life.running()
    const batchSize = Math.min(options.batchSize ?? Infinity, this.batchEntries)
    for await (const entries of this.log.read({ ...options, batchSize })) {
      await this.life.running()
      if (this.isDown() || this.chance.strikes('reading the log ends')) throw this.#failure()
      yield entries
    }
  }

  async lookup(positions: readonly Position[]): Promise<readonly (Entry | undefined)[]> {
    await this.life.running()
    return this.log.lookup(positions)
  }

  async trim(before: Position, options?: { readonly force?: boolean }): Promise<Position> {
    await this.life.running()
    return this.log.trim(before, options)
  }

  async registerReader(name: string, position: Position): Promise<void> {
    await this.life.running()
    return this.log.registerReader(name, position)
  }

  async readerPosition(name: string): Promise<Position | undefined> {
    await this.life.running()
    return this.log.readerPosition(name)
  }

  async unregisterReader(name: string): Promise<void> {
    await this.life.running()
    return this.log.unregisterReader(name)
  }

  stats(): LogStats {
    return this.log.stats()
  }

  entriesAfter(position: Position): number {
    return this.log.entriesAfter(position)
  }

  async close(): Promise<void> {}

  #failure(): LogError {
    return this.chance.roll('which log failure') < 0.7 ? new LogError('unavailable', 'The log does not answer.') : new LogError('backpressure', 'Too much waits to be written.')
  }

  #die(): Promise<never> {
    this.life.die()
    return never()
  }
}

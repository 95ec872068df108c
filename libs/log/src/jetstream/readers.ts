/**
 * Readers that hold trimming back, where every tracker sees them: a small stream beside the log's own, with one message per reader that
 * holds its position.
 */
import type { JetStreamApiError } from '@nats-io/jetstream'
import { DiscardPolicy, JetStreamApiCodes, StorageType } from '@nats-io/jetstream'
import type { Link } from './link.js'

export class Readers {
  readonly #link: Link
  readonly #stream: string
  readonly #prefix: string
  readonly #replicas: number
  #made: Promise<unknown> | undefined

  constructor(link: Link, stream: string, prefix: string, replicas: number) {
    this.#link = link
    this.#stream = `${stream}-readers`
    this.#prefix = prefix
    this.#replicas = replicas
  }

  async register(name: string, position: number): Promise<void> {
    await this.#make()
    await this.#link.js.publish(this.#subject(name), String(position))
  }

  async position(name: string): Promise<number | undefined> {
    await this.#make()
    const message = await this.#link.jsm.streams.getMessage(this.#stream, { last_by_subj: this.#subject(name) })
    return message === null ? undefined : Number(message.string())
  }

  async unregister(name: string): Promise<void> {
    await this.#make()
    await this.#link.jsm.streams.purge(this.#stream, { filter: this.#subject(name) })
  }

  /** The least position that a reader still needs, Infinity where there is none. */
  async slowest(): Promise<number> {
    let slowest = Infinity
    for (const subject of await this.#subjects()) {
      const message = await this.#link.jsm.streams.getMessage(this.#stream, { last_by_subj: subject })
      if (message !== null) slowest = Math.min(slowest, Number(message.string()))
    }
    return slowest
  }

  async #subjects(): Promise<string[]> {
    try {
      const { state } = await this.#link.jsm.streams.info(this.#stream, { subjects_filter: '>' })
      return Object.keys(state.subjects ?? {})
    } catch (error) {
      if ((error as JetStreamApiError).code === JetStreamApiCodes.StreamNotFound) return []
      throw error
    }
  }

  async #make(): Promise<void> {
    this.#made ??= this.#link.jsm.streams.add({
      name: this.#stream, subjects: [`${this.#prefix}.*`], storage: StorageType.File, max_msgs_per_subject: 1, discard: DiscardPolicy.Old,
      num_replicas: this.#replicas,
    })
    try {
      await this.#made
    } catch (error) {
      this.#made = undefined
      throw error
    }
  }

  /** Names may hold anything, tokens of a subject may not. */
  #subject(name: string): string {
    return `${this.#prefix}.${Buffer.from(name).toString('base64url')}`
  }
}

import type { Journal } from './journal.js'
import { Recent } from './recent.js'
import type { Command } from './service.js'

/** A command that a service of the shop knows how to obey. */
export interface Post {
  readonly service: string
  readonly type: string
  readonly obey: (command: Command) => void
}

/** A sender repeats a command for days at most; a shop gets far fewer in that time. */
const MAX_REMEMBERED = 100_000

export type Receipt =
  | { readonly accepted: true; readonly isRepeat: boolean }
  | { readonly accepted: false; readonly reason: string }

/** Where commands are taken, each once: the same id again is accepted and changes nothing, also after a restart (the journal remembers). */
export class CommandDesk {
  readonly #taken = new Recent(MAX_REMEMBERED)

  constructor(private readonly posts: readonly Post[], journal: Journal) {
    for (const orderId of journal.orderIds()) {
      for (const entry of journal.of(orderId)) {
        if ((entry.did === 'obeyed' || entry.did === 'declined') && entry.commandId !== undefined) this.#taken.add(entry.commandId)
      }
    }
  }

  isService(name: string): boolean {
    return this.posts.some((post) => post.service === name)
  }

  take(service: string, command: Command): Receipt {
    const post = this.posts.find((candidate) => candidate.service === service && candidate.type === command.type)
    if (post === undefined) return { accepted: false, reason: `the ${service} service knows no command ${command.type}` }
    const isRepeat = !this.#taken.add(command.id)
    if (!isRepeat) post.obey(command)
    return { accepted: true, isRepeat }
  }
}

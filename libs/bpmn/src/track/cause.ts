/** What brought a token: the entry that said so, or a step of our own by its name. */
import type { Fact } from './fact.js'

export type Cause = Fact | string

/** The same cause has the same name in every fold: with its element it is the identity of a stay, and of a command decided there. */
export function nameOfCause(cause: Cause): string {
  return typeof cause === 'string' ? cause : `e:${cause.source}\u0000${cause.id}`
}

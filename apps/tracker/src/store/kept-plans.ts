import { createHash } from 'node:crypto'

/**
 * Statements that each batch sends, those of an instance's page, and those that find it by its key are parsed once per connection, under a name, and the server may keep a plan of them. For these alone: there are few of
 * them, their plans do not depend on how many rows there are, and what they answer has the same columns whatever is migrated beside them.
 */
const names = new Map<string, string>()

/** The same for the same text, whoever names it: what is found under it can be nothing else. */
export function planName(sql: string): string {
  let name = names.get(sql)
  if (name === undefined) names.set(sql, (name = `t_${createHash('sha256').update(sql).digest('hex').slice(0, 32)}`))
  return name
}

/** No such statement; there is one of that name; what it answers has changed. */
const LOST = new Set(['26000', '42P05', '0A000'])

/** Client and server do not agree on what is kept: that does not pass while the connection lasts. */
export function hasLostPlans(error: unknown): boolean {
  return LOST.has(String((error as { readonly code?: unknown }).code))
}

import type { PoolClient } from 'pg'

/**
 * Statements that each batch sends are parsed and planned once per connection, under a name. For these alone: there are few of them, their plans do not
 * depend on how many rows there are, and what they answer has the same columns whatever is migrated beside them.
 */
interface Names {
  readonly connection: number
  readonly byText: Map<string, string>
}

const named = new WeakMap<PoolClient, Names>()
let connections = 0

/** Of this connection alone: the embedded database has one session for those that come one after the other, and it keeps the names of all. */
export function planName(client: PoolClient, sql: string): string {
  let names = named.get(client)
  if (names === undefined) named.set(client, (names = { connection: ++connections, byText: new Map() }))
  let name = names.byText.get(sql)
  if (name === undefined) names.byText.set(sql, (name = `t${names.connection}_${names.byText.size}`))
  return name
}

/** No such statement; there is one of that name; what it answers has changed. */
const LOST = new Set(['26000', '42P05', '0A000'])

/** Client and server do not agree on what is kept: that does not pass while the connection lasts. */
export function hasLostPlans(error: unknown): boolean {
  return LOST.has(String((error as { readonly code?: unknown }).code))
}

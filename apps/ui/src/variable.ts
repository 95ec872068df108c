const OPERATORS = { '!=': 'ne', '>=': 'gte', '<=': 'lte', '=': 'eq', '>': 'gt', '<': 'lt', '~': 'contains' } as const

/** What a person types of a variable ("amount > 100", "customer.name ~ ann") as the filter of the API; undefined where it is none. */
export function parseVariable(typed: string): Record<string, string> | undefined {
  const [, name, sign, value] = /^([^\s=!<>~[\]]+)\s*(!=|>=|<=|=|>|<|~)\s*(.+)$/.exec(typed.trim()) ?? []
  if (name === undefined || sign === undefined || value === undefined) return undefined
  return { [`var.${name}[${OPERATORS[sign as keyof typeof OPERATORS]}]`]: value.trim() }
}

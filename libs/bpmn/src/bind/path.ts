/** Steps of `data.order.id`; undefined where the text is no plain path. */
export function parsePath(text: string): readonly string[] | undefined {
  return /^[A-Za-z_][\w-]*(?:\.[\w-]+)*$/.test(text) ? text.split('.') : undefined
}

/** Follows own properties only, so that data can never reach a prototype. */
export function readPath(from: unknown, steps: readonly string[]): unknown {
  let value = from
  for (const step of steps) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined
    value = (value as Record<string, unknown>)[step]
  }
  return value
}

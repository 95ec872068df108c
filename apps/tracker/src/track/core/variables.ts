/** What an event says about its instance: the top level of its data, as far as it is small. */
import { clean } from './decode.js'

const MAX_VARIABLES = 64
const MAX_VALUE_CHARACTERS = 1_000

/** Undefined where the event carries nothing that could be kept. */
export function variablesOf(data: unknown): Readonly<Record<string, unknown>> | undefined {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return undefined
  const kept: Record<string, unknown> = {}
  let count = 0
  for (const [name, value] of Object.entries(data)) {
    if (count === MAX_VARIABLES) break
    if (name === '__proto__' || name.length > 100) continue
    const small = keep(value)
    if (small === undefined) continue
    kept[clean(name)] = small
    count++
  }
  return count === 0 ? undefined : kept
}

function keep(value: unknown): unknown {
  switch (typeof value) {
    case 'string':
      return clean(value.length > MAX_VALUE_CHARACTERS ? value.slice(0, MAX_VALUE_CHARACTERS) : value)
    case 'number':
      return Number.isFinite(value) ? value : undefined
    case 'boolean':
      return value
    case 'object': {
      if (value === null) return null
      const text = JSON.stringify(value)
      return text.length > MAX_VALUE_CHARACTERS ? undefined : (JSON.parse(clean(text).replaceAll('\\u0000', '\\ufffd').replaceAll(/\\ud[89a-f][0-9a-f]{2}/gi, '\\ufffd')) as unknown)
    }
    default:
      return undefined
  }
}

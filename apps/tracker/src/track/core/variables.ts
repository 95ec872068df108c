/** What an event says about its instance: the top level of its data, as far as it is small. */
import { clean } from './decode.js'

const MAX_VARIABLES = 64
const MAX_NAME_CHARACTERS = 100
const MAX_VALUE_CHARACTERS = 1_000

/** Undefined where the event carries nothing that could be kept. What is kept as a whole, as most is, is the data itself. */
export function variablesOf(data: unknown): Readonly<Record<string, unknown>> | undefined {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return undefined
  const variables = data as Readonly<Record<string, unknown>>
  let count = 0
  for (const name in variables) {
    if (++count > MAX_VARIABLES || nameOf(name) !== name || keep(variables[name]) !== variables[name]) return partOf(variables)
  }
  return count === 0 ? undefined : variables
}

function partOf(variables: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> | undefined {
  const kept: Record<string, unknown> = {}
  let count = 0
  for (const [name, value] of Object.entries(variables)) {
    if (count === MAX_VARIABLES) break
    const known = nameOf(name)
    const small = known === undefined ? undefined : keep(value)
    if (known === undefined || small === undefined) continue
    kept[known] = small
    count++
  }
  return count === 0 ? undefined : kept
}

function nameOf(name: string): string | undefined {
  return name === '__proto__' || name.length > MAX_NAME_CHARACTERS ? undefined : clean(name)
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
      if (text.length > MAX_VALUE_CHARACTERS) return undefined
      const storable = clean(text).replaceAll('\\u0000', '\\ufffd').replaceAll(/\\ud[89a-f][0-9a-f]{2}/gi, '\\ufffd')
      return storable === text ? value : (JSON.parse(storable) as unknown)
    }
    default:
      return undefined
  }
}

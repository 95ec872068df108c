/**
 * Places in an event, as people write them: `data.customer.email`, `subject`, `data.items.*.card` (any member), `data.**.password` (at any depth).
 */

/** Segments below the event. `*`: any member or item; `**`: any number of levels, none included. */
export type Path = readonly string[]

const MAX_SEGMENTS = 20
/** Without these an event is none, or is another one. */
const FIXED = new Set(['specversion', 'id', 'source', 'type', 'time'])

/** Throws an Error that says why a text is no path that may be masked. */
export function parsePath(text: string): Path {
  const segments = text.split('.')
  if (segments.includes('')) throw new Error(`"${text}" is no path: it has an empty part`)
  if (segments.length > MAX_SEGMENTS) throw new Error(`"${text}" is no path: it has more than ${MAX_SEGMENTS} parts`)
  const [first] = segments as [string]
  if (FIXED.has(first)) throw new Error(`"${text}": ${first} is what the event is known by and cannot be masked`)
  if (first.startsWith('*')) throw new Error(`"${text}" must begin with data or the name of an attribute`)
  if (first !== 'data' && segments.length > 1) throw new Error(`"${text}": only data has parts, attributes are plain values`)
  if (segments.filter((segment) => segment === '**').length > 1) throw new Error(`"${text}" may have one ** only`)
  if (segments.at(-1) === '**') throw new Error(`"${text}" must name what stands below **`)
  return segments
}

type Members = Record<string, unknown>

/** Calls `act` with each place that the path names and that is there. */
export function eachPlace(root: Members, path: Path, act: (parent: Members, name: string) => void, from = 0): void {
  const segment = path[from]!
  if (segment === '**') {
    eachPlace(root, path, act, from + 1)
    for (const name of Object.keys(root)) if (isParent(root[name])) eachPlace(root[name], path, act, from)
    return
  }
  const names = segment === '*' ? Object.keys(root) : Object.hasOwn(root, segment) ? [segment] : []
  for (const name of names) {
    if (from === path.length - 1) act(root, name)
    else if (isParent(root[name])) eachPlace(root[name], path, act, from + 1)
  }
}

export function isParent(value: unknown): value is Members {
  return typeof value === 'object' && value !== null
}

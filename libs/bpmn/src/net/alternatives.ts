import { labelOf, type Net, type Transition } from './net.js'

/**
 * Per label, those of the steps that may have been taken in its place: one token could have gone either way, and the ways meet again without another
 * step between. When one of them was passed unseen, the token lies where it would lie after any other of them.
 */
export function alternativesOf(net: Net): ReadonlyMap<string, ReadonlySet<string>> {
  const [next, before] = [new Map<number, number[]>(), new Map<number, number[]>()]
  for (const transition of net.transitions) {
    if (transition.kind !== 'silent' || !movesOneToken(transition)) continue
    const [from, to] = endsOf(transition)
    next.set(from, [...(next.get(from) ?? []), to])
    before.set(to, [...(before.get(to) ?? []), from])
  }
  const steps = net.transitions.filter((transition) => transition.kind === 'observe' && movesOneToken(transition)).map((transition) => {
    const [from, to] = endsOf(transition)
    return { label: labelOf(transition.element, transition.phase ?? 'occur'), from, before: closure(from, before), after: closure(to, next) }
  })
  const found = new Map<string, Set<string>>()
  for (const one of steps) {
    for (const other of steps) {
      if (one.label === other.label || !meets(one.before, other.before) || !meets(one.after, other.after)) continue
      // One after the other, they are two steps.
      if (one.after.has(other.from) || other.after.has(one.from)) continue
      const known = found.get(one.label)
      if (known === undefined) found.set(one.label, new Set([other.label]))
      else known.add(other.label)
    }
  }
  return found
}

function movesOneToken({ inputs, outputs, reads, clears, whenEmpty }: Transition): boolean {
  return inputs.length === 1 && outputs.length === 1 && reads.length === 0 && clears.length === 0 && whenEmpty === undefined
}

function endsOf({ inputs, outputs }: Transition): [number, number] {
  return [inputs[0] ?? -1, outputs[0] ?? -1]
}

function closure(from: number, edges: ReadonlyMap<number, readonly number[]>): ReadonlySet<number> {
  const reached = new Set([from])
  for (const place of reached) for (const to of edges.get(place) ?? []) reached.add(to)
  return reached
}

function meets(a: ReadonlySet<number>, b: ReadonlySet<number>): boolean {
  for (const place of a) if (b.has(place)) return true
  return false
}

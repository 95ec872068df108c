/**
 * A token player that shares nothing with the search: it reads the drawn process, closes forward over what is silent, and so finds every
 * possibility at the cost of time. Walks of it are traces that fit; {@link Player.enabled} is the truth about what may come next.
 */
import type { Element, ProcessModel } from '../model.js'

/** Tokens as words, sorted, one blank between them: `f:flow`, `i:activity` (its start was seen), `s:sub-process` (open), `b:scope` (not begun). */
export type Tokens = string

export interface PlayerMove {
  readonly kind: 'silent' | 'observe' | 'timer' | 'guess'
  readonly element: string
  /** Event type, of `observe`. */
  readonly type: string
  /** Bound label, of `observe`. */
  readonly label: string
  readonly takes: readonly string[]
  /** Tokens that must be there and stay. */
  readonly needs?: readonly string[]
  readonly next: Tokens
  /** No token is taken that another move could take: it may happen at once. */
  readonly certain: boolean
}

/** Markings that one closure may visit: the models of these tests stay far below. */
const MAX_CLOSURE = 20_000

export class Player {
  readonly #process: ProcessModel
  readonly #elements: ReadonlyMap<string, Element>
  readonly #scopeOfToken = new Map<string, string>()
  readonly #moves = new Map<Tokens, readonly PlayerMove[]>()
  readonly #settled = new Map<Tokens, Tokens>()
  readonly #enabled = new Map<Tokens, readonly PlayerMove[]>()

  constructor(process: ProcessModel) {
    this.#process = process
    this.#elements = new Map(process.elements.map((element) => [element.id, element]))
    for (const flow of process.flows) this.#scopeOfToken.set(`f:${flow.id}`, this.#elements.get(flow.target)?.parent ?? '')
    for (const element of process.elements) {
      for (const kind of ['i', 's', 'm', 'x']) this.#scopeOfToken.set(`${kind}:${element.id}`, element.parent ?? '')
      this.#scopeOfToken.set(`b:${element.id}`, element.id)
    }
  }

  readonly initial: Tokens = 'b:'

  moves(tokens: Tokens): readonly PlayerMove[] {
    const known = this.#moves.get(tokens)
    if (known !== undefined) return known
    const held = wordsOf(tokens)
    const drafts = this.#process.elements.flatMap((element) => this.#movesOf(element, held))
    const moves = drafts.map((move) => ({
      ...move, next: after(held, move),
      certain: move.kind === 'silent' && (move.done === true || drafts.every((other) => other === move || !other.takes.concat(other.needs ?? []).some((word) => move.takes.includes(word)))),
    }))
    this.#moves.set(tokens, moves)
    return moves
  }

  /** After all that happens by itself and could not go otherwise. */
  settled(tokens: Tokens): Tokens {
    const known = this.#settled.get(tokens)
    if (known !== undefined) return known
    let current = tokens
    for (;;) {
      const move = this.moves(current).find((candidate) => candidate.certain)
      if (move === undefined || move.next === current) break
      current = move.next
    }
    this.#settled.set(tokens, current)
    return current
  }

  /** What may be observed next, over any silent steps; each with the tokens after the shortest way to it. */
  enabled(tokens: Tokens): readonly PlayerMove[] {
    const known = this.#enabled.get(tokens)
    if (known !== undefined) return known
    const found = new Map<string, PlayerMove>()
    for (const reached of this.#closure(tokens)) {
      for (const move of this.moves(reached)) {
        const key = `${move.label} ${move.element}`
        if (move.kind === 'observe' && !found.has(key)) found.set(key, move)
      }
    }
    const moves = [...found.values()]
    this.#enabled.set(tokens, moves)
    return moves
  }

  /** Whether everything left could end without another event. */
  canEnd(tokens: Tokens): boolean {
    return this.#closure(tokens).includes('')
  }

  #closure(tokens: Tokens): readonly Tokens[] {
    const seen = new Set([tokens])
    for (const current of seen) {
      if (seen.size > MAX_CLOSURE) throw new Error(`more than ${MAX_CLOSURE} silent markings: the model is too wide for the player`)
      for (const move of this.moves(current)) if (move.kind === 'silent') seen.add(move.next)
    }
    return [...seen]
  }

  #movesOf(element: Element, held: readonly string[]): Draft[] {
    const out = this.#outputs(element)
    const arrived = element.incoming.map((flow) => `f:${flow}`).filter((word) => held.includes(word))
    switch (element.kind) {
      case 'startEvent': {
        if (this.#elements.get(element.parent ?? '')?.triggeredByEvent === true) return this.#eventStart(element, held, out)
        const begins = `b:${element.parent ?? ''}`
        return held.includes(begins) ? [this.#step(element, 'occur', [begins], out)] : []
      }
      case 'endEvent': {
        const ends = element.trigger?.kind === 'terminate' ? held.filter((word) => this.#inside(word, element.parent ?? '')) : undefined
        return arrived.map((word) => ({ ...this.#step(element, 'occur', [word], []), ...(ends === undefined ? {} : { clears: ends.filter((other) => other !== word) }) }))
      }
      case 'exclusiveGateway':
        return arrived.flatMap((word) => element.outgoing.map((flow) => silent(element, [word], [`f:${flow}`])))
      case 'parallelGateway':
        return arrived.length === element.incoming.length ? [silent(element, arrived, out)] : []
      case 'inclusiveGateway': {
        if (arrived.length === 0 || this.#waitsFor(element, held)) return []
        return subsets(element.outgoing, element.defaultFlow).map((flows) => silent(element, arrived, flows.map((flow) => `f:${flow}`)))
      }
      case 'eventBasedGateway':
        return []
      case 'intermediateCatchEvent':
      case 'intermediateThrowEvent':
        return this.#arrivals(element, held).map((word) => this.#step(element, 'occur', [word], out))
      case 'boundaryEvent':
        return this.#boundary(element, held, out)
      case 'subProcess': {
        const opens = arrived.map((word) => silent(element, [word], [`s:${element.id}`, `b:${element.id}`]))
        const open = `s:${element.id}`
        const done = held.includes(open) && !held.some((word) => this.#inside(word, element.id))
        return done ? [...opens, { ...silent(element, [open], out), done: true, clears: interruptions(held, element.id) }] : opens
      }
      default:
        return this.#activity(element, held, arrived, out)
    }
  }

  #activity(element: Element, held: readonly string[], arrived: readonly string[], out: readonly string[]): Draft[] {
    if (element.loop !== undefined) return this.#repeated(element, held, arrived, out)
    const inside = `i:${element.id}`
    const starts = element.bindings.some((binding) => binding.phase === 'start')
    if (!starts) return arrived.map((word) => this.#step(element, 'end', [word], out))
    const begins = arrived.map((word) => this.#step(element, 'start', [word], [inside]))
    return held.includes(inside) ? [...begins, this.#step(element, 'end', [inside], out)] : begins
  }

  /** `m:` between instances, one of which has been; `i:` inside one. Parallel ones begin while others run, and all end before it is left. */
  #repeated(element: Element, held: readonly string[], arrived: readonly string[], out: readonly string[]): Draft[] {
    const [inside, between] = [`i:${element.id}`, `m:${element.id}`]
    const goesOn = held.includes(between)
    const running = held.includes(inside)
    if (!element.bindings.some((binding) => binding.phase === 'start')) {
      const first = arrived.map((word) => this.#step(element, 'end', [word], [between]))
      return goesOn ? [...first, this.#step(element, 'end', [between], [between]), silent(element, [between], out)] : first
    }
    const isParallel = element.loop?.kind === 'parallel'
    const moves = arrived.map((word) => this.#step(element, 'start', [word], [inside]))
    if (running) moves.push(this.#step(element, 'end', [inside], goesOn ? [] : [between]))
    if (running && isParallel) moves.push({ ...this.#step(element, 'start', [], [inside]), needs: [inside] })
    if (goesOn && !running) moves.push(silent(element, [between], out), this.#step(element, 'start', [between], [inside]))
    else if (goesOn && isParallel) moves.push({ ...this.#step(element, 'start', [], [inside]), needs: [between] })
    return moves
  }

  #boundary(element: Element, held: readonly string[], out: readonly string[]): Draft[] {
    const host = this.#elements.get(element.attachedTo ?? '')
    if (host === undefined) return []
    // A sub-process that holds no token any more has ended: nothing can happen to it.
    if (host.kind === 'subProcess' && !held.some((word) => this.#inside(word, host.id))) return []
    const words = host.kind === 'subProcess' ? [`s:${host.id}`] : [...host.incoming.map((flow) => `f:${flow}`), `i:${host.id}`]
    return [...new Set(words)].filter((word) => held.includes(word)).map((word): Draft => {
      const step = this.#step(element, 'occur', element.interrupting === false ? [] : [word], out)
      const kind = step.kind === 'silent' ? 'guess' : step.kind
      if (element.interrupting === false) return { ...step, kind, needs: [word] }
      return { ...step, kind, clears: host.kind === 'subProcess' ? [...held.filter((other) => this.#inside(other, host.id)), ...interruptions(held, host.id)] : [] }
    })
  }

  /** `x:` beside an open sub-process: something in it has interrupted it, and nothing else can begin there. */
  #eventStart(element: Element, held: readonly string[], out: readonly string[]): Draft[] {
    const host = this.#elements.get(element.parent ?? '')?.parent ?? ''
    const open = `s:${host}`
    const inside = held.filter((word) => this.#inside(word, host))
    if (!held.includes(open) || held.includes(`x:${host}`) || inside.length === 0) return []
    const step = { ...this.#step(element, 'occur', [], element.interrupting === false ? out : [`x:${host}`, ...out]), needs: [open] }
    return [element.interrupting === false ? step : { ...step, clears: inside }]
  }

  /** A token somewhere else can come to a flow of the join that has none, and to none that has one. */
  #waitsFor(join: Element, held: readonly string[]): boolean {
    const flows = join.incoming.map((flow) => `f:${flow}`)
    return held.some((word) => {
      if (flows.includes(word) || this.#scopeOfToken.get(word) !== (join.parent ?? '')) return false
      const reached = [...this.#reachedFrom(word, join)].filter((other) => flows.includes(other))
      return reached.length > 0 && !reached.some((other) => held.includes(other))
    })
  }

  /** Flows that a token can come to without passing this gateway, its own included. */
  #reachedFrom(word: string, without: Element): ReadonlySet<string> {
    const reached = new Set([word])
    for (const at of reached) {
      const element = this.#elementOf(at)
      const on = at.startsWith('b:')
        ? this.#process.elements.filter((start) => start.kind === 'startEvent' && (start.parent ?? '') === at.slice(2))
        : element === undefined || element === without ? [] : [element, ...this.#process.elements.filter((other) => other.attachedTo === element.id)]
      for (const next of on) for (const flow of this.#outputs(next)) reached.add(flow)
    }
    return reached
  }

  /** Whom a token is at: the target of its flow, the activity or sub-process that it is in. */
  #elementOf(word: string): Element | undefined {
    const id = word.slice(2)
    return this.#elements.get(word.startsWith('f:') ? (this.#process.flows.find((flow) => flow.id === id)?.target ?? '') : id)
  }

  /** Where the token of a catch event may lie: on its own flow, or before the event-based gateway in front of it. */
  #arrivals(element: Element, held: readonly string[]): string[] {
    const words = element.incoming.flatMap((flow) => {
      const source = this.#elements.get(this.#process.flows.find((candidate) => candidate.id === flow)?.source ?? '')
      return source?.kind === 'eventBasedGateway' ? source.incoming.map((before) => `f:${before}`) : [`f:${flow}`]
    })
    return [...new Set(words)].filter((word) => held.includes(word))
  }

  #step(element: Element, phase: string, takes: readonly string[], gives: readonly string[]): Draft {
    const binding = element.bindings.find((candidate) => candidate.phase === phase)
    if (binding !== undefined) return { kind: 'observe', element: element.id, type: binding.event, label: `${element.id}\u0000${phase}`, takes, gives }
    return { ...silent(element, takes, gives), kind: element.trigger?.kind === 'timer' ? 'timer' : 'silent' }
  }

  /** Tokens on the outgoing flows; before an event-based gateway they wait on its incoming flow. */
  #outputs(element: Element): readonly string[] {
    return element.outgoing.map((flow) => `f:${flow}`)
  }

  #inside(word: string, scope: string): boolean {
    for (let at = this.#scopeOfToken.get(word); at !== undefined; at = at === '' ? undefined : (this.#elements.get(at)?.parent ?? '')) {
      if (at === scope) return true
    }
    return scope === ''
  }
}

interface Draft extends Omit<PlayerMove, 'next' | 'certain'> {
  readonly gives: readonly string[]
  readonly clears?: readonly string[]
  /** An empty sub-process ends, whatever else could have happened to it. */
  readonly done?: boolean
}

/** What an inclusive gateway may take: the default alone, or any of the others. */
function subsets(flows: readonly string[], byDefault: string | undefined): readonly (readonly string[])[] {
  const others = flows.filter((flow) => flow !== byDefault)
  const sets = Array.from({ length: (1 << others.length) - 1 }, (_, bits) => others.filter((_flow, index) => ((bits + 1) >> index) & 1))
  return byDefault === undefined ? sets : [...sets, [byDefault]]
}

function interruptions(held: readonly string[], scope: string): readonly string[] {
  return held.filter((word) => word === `x:${scope}`)
}

function silent(element: Element, takes: readonly string[], gives: readonly string[]): Draft {
  return { kind: 'silent', element: element.id, type: '', label: '', takes, gives }
}

export function wordsOf(tokens: Tokens): string[] {
  return tokens === '' ? [] : tokens.split(' ')
}

function after(held: readonly string[], move: Draft): Tokens {
  const words = [...held]
  for (const word of [...move.takes, ...(move.clears ?? [])]) words.splice(words.indexOf(word), 1)
  return [...words, ...move.gives].sort().join(' ')
}

import type { DomainEvent } from '../event.js'
import type { Phase, ProcessModel, UnexpectedEvent } from '../model.js'
import { compileExpression } from './expression.js'
import type { Expression } from './expression.js'
import { eventContext, keyReader } from './key.js'
import type { KeyReader } from './key.js'
import { itemKeysOf } from '../net/item-scopes.js'

export interface BoundEvent {
  /** What the event may mean, in canonical order (element, phase), without repetition. Empty: it belongs to the process, which has no place for it. */
  readonly labels: readonly { readonly element: string; readonly phase: Phase }[]
  /** The primary key first, if the event has it; then aliases in the process's order. */
  readonly keys: readonly { readonly name: string; readonly value: string }[]
  /** Of events inside parts that are followed item by item: `element NUL key`, the item of each such part that it is about. */
  readonly items?: readonly string[]
  /** Filter that would run away over this event: what it means is not known, and it must not be guessed. */
  readonly ranAway?: string
}

type Label = BoundEvent['labels'][number]

/** A rule for events, made ready. */
interface Rule {
  readonly source: string | undefined
  readonly filter: Expression | undefined
  /** Key that this binding reads in place of a key of the process. */
  readonly key: { readonly name: string; readonly read: KeyReader } | undefined
}

/** A binding of one element. */
interface Candidate extends Rule {
  readonly label: Label
}

/** By event type, with a look-up for those that are named in full. */
class ByType<Item> {
  private readonly exact = new Map<string, Item[]>()
  private readonly wildcards: { readonly prefix: string; readonly item: Item }[] = []

  add(type: string, item: Item): void {
    if (type.endsWith('*')) {
      this.wildcards.push({ prefix: type.slice(0, -1), item })
      return
    }
    const known = this.exact.get(type)
    if (known === undefined) this.exact.set(type, [item])
    else known.push(item)
  }

  of(type: string): Item[] {
    return [...(this.exact.get(type) ?? []), ...this.wildcards.filter(({ prefix }) => type.startsWith(prefix)).map(({ item }) => item)]
  }
}

interface Candidates {
  readonly all: readonly Candidate[]
  /** Set where nothing has to be tested: the answer itself. */
  readonly labels: readonly Label[] | undefined
  /** Asked where none of them matches. */
  readonly unexpected: readonly Rule[]
}

/** Event types of which the candidates are remembered; a tracker sees far fewer. */
const MAX_TYPES = 10_000

/** Says which elements of a process an event means, and which instance. Built once per process; asking is a look-up for most events. */
export class Binder {
  private readonly candidates = new ByType<Candidate>()
  private readonly unexpected = new ByType<Rule>()
  private readonly noLabels: readonly Label[] = []
  private readonly messages = new ByType<Rule & { readonly says: string }>()
  private readonly hasMessages: boolean
  private readonly keys: readonly { readonly name: string; readonly read: KeyReader }[]
  /** Per element inside parts that are followed item by item: those parts, and where an event says its item. */
  private readonly items: ReadonlyMap<string, readonly { readonly scope: string; readonly read: KeyReader }[]>
  /** By event type; `null`: nothing binds it. */
  private readonly byType = new Map<string, Candidates | null>()

  constructor(process: ProcessModel) {
    this.keys = process.keys.map((key) => ({ name: key.name, read: keyReader(key) }))
    this.items = new Map([...itemKeysOf(process)].map(([element, keys]) => [element, keys.map(({ scope, key }) => ({ scope, read: keyReader({ name: 'item', value: key }) }))]))
    for (const element of process.elements) {
      for (const binding of element.bindings) this.candidates.add(binding.event, { ...ruleOf(binding), label: { element: element.id, phase: binding.phase } })
    }
    for (const { id, sentBy, receivedBy } of process.messages ?? []) {
      for (const binding of sentBy) this.messages.add(binding.event, { ...ruleOf(binding), says: `sent ${id}` })
      for (const binding of receivedBy) this.messages.add(binding.event, { ...ruleOf(binding), says: `received ${id}` })
    }
    this.hasMessages = (process.messages ?? []).length > 0
    for (const rule of process.unexpected) this.unexpected.add(rule.event, ruleOf(rule))
  }

  /** Undefined where the event means nothing in this process. An event without any key is bound, with no keys. */
  bind(event: DomainEvent): BoundEvent | undefined {
    const candidates = this.candidatesFor(event.type)
    if (candidates === null) return undefined
    if (candidates.labels !== undefined) return { labels: candidates.labels, keys: this.keysOf(event, undefined), items: this.itemsOf(event, candidates.labels) }
    const runaways: string[] = []
    const matching = candidates.all.filter((candidate) => matches(candidate, event, runaways))
    const foreign = matching.length > 0 ? [] : candidates.unexpected.filter((rule) => matches(rule, event, runaways))
    const [ranAway] = runaways
    if (ranAway !== undefined) return { labels: this.noLabels, keys: [], ranAway }
    if (matching.length === 0) {
      return foreign.length === 0 ? undefined : { labels: this.noLabels, keys: this.keysOf(event, foreign) }
    }
    const labels = distinctLabels(matching)
    return { labels, keys: this.keysOf(event, matching), items: this.itemsOf(event, labels) }
  }

  /** What an event says of messages between this process and other pools, `sent <flow>` or `received <flow>`; undefined where it says nothing. */
  messagesIn(event: DomainEvent): { readonly says: readonly string[]; readonly keys: BoundEvent['keys'] } | undefined {
    if (!this.hasMessages) return undefined
    const matching = this.messages.of(event.type).filter((rule) => matches(rule, event, []))
    return matching.length === 0 ? undefined : { says: [...new Set(matching.map(({ says }) => says))].sort(), keys: this.keysOf(event, matching) }
  }

  /** The keys of an event that means nothing here by itself: of a process that is called. */
  keysIn(event: DomainEvent): BoundEvent['keys'] {
    return this.keysOf(event, undefined)
  }

  private itemsOf(event: DomainEvent, labels: readonly Label[]): BoundEvent['items'] {
    if (this.items.size === 0) return undefined
    const items = new Map<string, string>()
    for (const { element } of labels) {
      for (const { scope, read } of this.items.get(element) ?? []) {
        const key = items.has(scope) ? undefined : read(event)
        if (key !== undefined) items.set(scope, key)
      }
    }
    return items.size === 0 ? undefined : [...items].map(([scope, key]) => `${scope}\u0000${key}`).sort()
  }

  private candidatesFor(type: string): Candidates | null {
    const known = this.byType.get(type)
    if (known !== undefined) return known
    const all = this.candidates.of(type).sort((a, b) => compareLabels(a.label, b.label))
    const unexpected = this.unexpected.of(type)
    const isPlain = all.length > 0 && all.every(({ source, filter, key }) => source === undefined && filter === undefined && key === undefined)
    const candidates = all.length + unexpected.length === 0 ? null : { all, labels: isPlain ? distinctLabels(all) : undefined, unexpected }
    if (this.byType.size >= MAX_TYPES) this.byType.clear()
    this.byType.set(type, candidates)
    return candidates
  }

  /**
   * The process's keys. A binding's key takes the place of the one of its name, else of the primary; where it leads nowhere, the
   * process's own is read.
   */
  private keysOf(event: DomainEvent, matching: readonly Rule[] | undefined): BoundEvent['keys'] {
    let keys: BoundEvent['keys'] = NO_KEYS
    for (let index = 0; index < this.keys.length; index++) {
      const { name, read } = this.keys[index]!
      const value = (matching === undefined ? undefined : this.replaced(event, matching, index)) ?? read(event)
      if (value !== undefined) keys = keys.length === 0 ? [{ name, value }] : [...keys, { name, value }]
    }
    return keys
  }

  private replaced(event: DomainEvent, matching: readonly Rule[], index: number): string | undefined {
    for (const { key } of matching) {
      if (key === undefined) continue
      const named = this.keys.findIndex(({ name }) => name === key.name)
      if ((named === -1 ? 0 : named) !== index) continue
      const value = key.read(event)
      if (value !== undefined) return value
    }
    return undefined
  }
}

const NO_KEYS: BoundEvent['keys'] = []

const binders = new WeakMap<ProcessModel, Binder>()

/** Binder.bind for whoever does not keep a Binder. */
export function bindEvent(process: ProcessModel, event: DomainEvent): BoundEvent | undefined {
  let binder = binders.get(process)
  if (binder === undefined) {
    binder = new Binder(process)
    binders.set(process, binder)
  }
  return binder.bind(event)
}

function ruleOf({ source, filter, key }: UnexpectedEvent): Rule {
  return {
    source,
    filter: filter === undefined ? undefined : compileExpression(filter),
    key: key === undefined ? undefined : { name: key.name, read: keyReader(key) },
  }
}

function matches(rule: Rule, event: DomainEvent, runaways: string[]): boolean {
  if (rule.source !== undefined && rule.source !== event.source) return false
  if (rule.filter === undefined) return true
  const { value, known, ranAway } = rule.filter.evaluate(eventContext(event))
  if (ranAway === true) runaways.push(rule.filter.text)
  return known && value === true
}

/** Of a sorted list. */
function distinctLabels(candidates: readonly Candidate[]): readonly Label[] {
  return candidates.map(({ label }) => label)
    .filter((label, index, labels) => index === 0 || compareLabels(labels[index - 1] as Label, label) !== 0)
}

function compareLabels(a: Label, b: Label): number {
  return compareText(a.element, b.element) || compareText(a.phase, b.phase)
}

/** By code unit: the same on every machine, whatever its language. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/**
 * The entries of a waiting unit as one string, some tens of bytes an entry: what many of them share (type, source, labels) stands in a table beside
 * them; times, positions, ids and sequences are told from those before. Variables are not packed, they stay the objects they are.
 */
import type { Fact } from './fact.js'
import { namesItems } from './tracked-items.js'
import { MAX_PACKED, TextReader, TextWriter } from './packed-text.js'

/** What many entries share; beyond this many kinds, entries carry it themselves. */
const MAX_KINDS = 50_000

type Kind = Pick<Fact, 'source' | 'type' | 'labels'>
type Patch = Fact['patch']

/** What not every entry has. */
type More = Partial<Omit<Fact, 'position' | 'id' | 'patch'>> & {
  /** Labels that name items: as many as there are items, so that they are in no table. */
  readonly items?: Fact['labels']
  /** Position, time and append time, where they are not small integers. */
  readonly exact?: readonly [string, number, number]
}

/** What follows the numbers of an entry. */
const SEQUENCE = 1
const MORE = 2

/** Packs and unpacks; one for all units of a tracker, since they share its table. */
export class FactPacker {
  readonly #numbers = new Map<string, number>()
  readonly #kinds: Kind[] = []

  pack(facts: readonly Fact[]): PackedFacts {
    const writer = new TextWriter()
    let patches: Patch[] | undefined
    let [lastPosition, lastTime, lastId, lastSequence] = [0, 0, '', '']
    for (const [index, fact] of facts.entries()) {
      const { position, time, appendTime, source, id, type, sequence, labels, patch, kind, ...rest } = fact
      if (patch !== undefined) {
        patches ??= new Array<Patch>(facts.length)
        patches[index] = patch
      }
      const items = itemsIn(labels)
      const number = items === undefined ? this.#numberOf({ source, type, labels }) : this.#numberOf({ source, type, labels: items.others })
      const at = Number(position)
      const isPlain = BigInt(at) === position && [at, time, appendTime].every((value) => Number.isInteger(value) && Math.abs(value) < MAX_PACKED / 2)
      const more: More = {
        ...rest, ...(kind === 'event' ? {} : { kind }), ...(items === undefined || number === undefined ? {} : { items: items.own }), ...(number === undefined ? { source, type, labels } : {}),
        ...(isPlain ? {} : { exact: [String(position), time, appendTime] as const }),
      }
      const hasMore = Object.keys(more).length > 0
      writer.integer((sequence === undefined ? 0 : SEQUENCE) + (hasMore ? MORE : 0))
      writer.integer(number ?? 0)
      writer.integer(isPlain ? at - lastPosition : 0)
      writer.integer(isPlain ? time - lastTime : 0)
      writer.integer(isPlain ? appendTime - time : 0)
      writer.string(id, lastId)
      lastId = id
      if (sequence !== undefined) {
        writer.string(sequence, lastSequence)
        lastSequence = sequence
      }
      if (hasMore) writer.string(JSON.stringify(more))
      if (isPlain) [lastPosition, lastTime] = [at, time]
    }
    return new PackedFacts(this, writer.text, patches)
  }

  unpack(text: string, patches: readonly Patch[] | undefined): Fact[] {
    const facts: Fact[] = []
    const reader = new TextReader(text)
    let [lastPosition, lastTime, lastId, lastSequence] = [0, 0, '', '']
    while (!reader.isDone) {
      const form = reader.integer()
      const kind = this.#kinds[reader.integer()]
      const position = lastPosition + reader.integer()
      const time = lastTime + reader.integer()
      const appendTime = time + reader.integer()
      const id = lastId = reader.string(lastId)
      const sequence = form % MORE === SEQUENCE ? (lastSequence = reader.string(lastSequence)) : undefined
      const more = form >= MORE ? (JSON.parse(reader.string()) as More) : undefined
      const patch = patches?.[facts.length]
      facts.push(restore({ position: BigInt(position), kind: 'event', time, appendTime, id, source: '', type: '', labels: NO_LABELS, ...kind }, sequence, patch, more))
      if (more?.exact === undefined) [lastPosition, lastTime] = [position, time]
    }
    return facts
  }

  #numberOf(kind: Kind): number | undefined {
    const name = JSON.stringify([kind.source, kind.type, kind.labels])
    const known = this.#numbers.get(name)
    if (known !== undefined) return known
    if (this.#kinds.length >= MAX_KINDS) return undefined
    this.#numbers.set(name, this.#kinds.length)
    return this.#kinds.push(kind) - 1
  }
}

const NO_LABELS: Fact['labels'] = {}

function itemsIn(labels: Fact['labels']): { readonly own: Fact['labels']; readonly others: Fact['labels'] } | undefined {
  for (const name in labels) {
    if (!namesItems(name)) continue
    const split = (wanted: boolean) => Object.fromEntries(Object.entries(labels).filter(([each]) => namesItems(each) === wanted))
    return { own: split(true), others: split(false) }
  }
  return undefined
}

function restore(plain: Fact, sequence: string | undefined, patch: Patch, more: More | undefined): Fact {
  const fact: { -readonly [Name in keyof Fact]: Fact[Name] } = plain
  if (sequence !== undefined) fact.sequence = sequence
  if (patch !== undefined) fact.patch = patch
  if (more === undefined) return fact
  const { exact, items, ...rest } = more
  Object.assign(fact, rest)
  if (items !== undefined) fact.labels = { ...fact.labels, ...items }
  if (exact !== undefined) [fact.position, fact.time, fact.appendTime] = [BigInt(exact[0]), exact[1], exact[2]]
  return fact
}

export class PackedFacts {
  readonly #packer: FactPacker
  readonly #text: string
  readonly #patches: readonly Patch[] | undefined

  constructor(packer: FactPacker, text: string, patches: readonly Patch[] | undefined) {
    this.#packer = packer
    this.#text = text
    this.#patches = patches
  }

  unpack(): Fact[] {
    return this.#packer.unpack(this.#text, this.#patches)
  }
}

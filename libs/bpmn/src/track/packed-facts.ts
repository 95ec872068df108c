/**
 * The entries of a waiting unit as one string, some tens of bytes an entry: what many units share (types, sources, labels) stands in a table
 * beside them, times are told from one another. Variables are not packed, they stay the objects they are.
 */
import type { Fact } from './fact.js'

/** Words of the table; beyond it they are written out where they stand. */
const MAX_WORDS = 50_000

/** Fields of an entry that everybody has, in the order in which they are packed. */
const COLUMNS = 8

type Patch = Readonly<Record<string, unknown>> | undefined
type Labels = Fact['labels']

/** Packs and unpacks; one for all units of a tracker, since they share its words. */
export class FactPacker {
  readonly #numbers = new Map<string, number>()
  readonly #words: string[] = []
  readonly #labels = new Map<string, Labels>()

  pack(facts: readonly Fact[]): PackedFacts {
    const flat: unknown[] = []
    let patches: Patch[] | undefined
    let time = 0
    facts.forEach((fact, index) => {
      const { position, appendTime, source, id, type, sequence, labels, patch, time: at, ...rest } = fact
      if (patch !== undefined) {
        patches ??= new Array<Patch>(facts.length)
        patches[index] = patch
      }
      const more = rest.kind !== 'event' || Object.keys(rest).length > 1
      flat.push(
        position <= Number.MAX_SAFE_INTEGER ? Number(position) : String(position), since(at, time), since(appendTime, at), this.#number(source), this.#number(type),
        this.#number(JSON.stringify(labels)), id, more ? { ...rest, ...(sequence === undefined ? {} : { sequence }) } : (sequence ?? 0),
      )
      time = at
    })
    return new PackedFacts(this, facts.length, JSON.stringify(flat).slice(1, -1), patches)
  }

  unpack(text: string, patches: readonly Patch[] | undefined): Fact[] {
    const flat = JSON.parse(`[${text}]`) as unknown[]
    const facts: Fact[] = []
    let before = 0
    for (let at = 0; at < flat.length; at += COLUMNS) {
      const [position, since, appended, source, type, labels, id, more] = flat.slice(at, at + COLUMNS) as [
        number | string, Since, Since, number | string, number | string, number | string, string, number | string | Partial<Fact>,
      ]
      const time = moment(since, before)
      const patch = patches?.[facts.length]
      before = time
      facts.push({
        position: BigInt(position), kind: 'event', time, appendTime: moment(appended, time), source: this.#word(source), id, type: this.#word(type),
        labels: this.#labelsOf(this.#word(labels)), ...(patch === undefined ? {} : { patch }),
        ...(typeof more === 'object' ? more : typeof more === 'string' ? { sequence: more } : {}),
      })
    }
    return facts
  }

  #number(word: string): number | string {
    const known = this.#numbers.get(word)
    if (known !== undefined) return known
    if (this.#words.length >= MAX_WORDS) return word
    this.#numbers.set(word, this.#words.length)
    return this.#words.push(word) - 1
  }

  #word(word: number | string): string {
    return typeof word === 'string' ? word : (this.#words[word] ?? '')
  }

  /** Shared: a model has few. */
  #labelsOf(text: string): Labels {
    let labels = this.#labels.get(text)
    if (labels === undefined) {
      labels = JSON.parse(text) as Labels
      if (this.#labels.size < MAX_WORDS) this.#labels.set(text, labels)
    }
    return labels
  }
}

export class PackedFacts {
  readonly #packer: FactPacker
  readonly #text: string
  readonly #patches: readonly Patch[] | undefined
  readonly count: number

  constructor(packer: FactPacker, count: number, text: string, patches: readonly Patch[] | undefined) {
    this.#packer = packer
    this.count = count
    this.#text = text
    this.#patches = patches
  }

  unpack(): Fact[] {
    return this.#packer.unpack(this.#text, this.#patches)
  }
}

/** Milliseconds after another moment; where the sum would not be exact, the moment itself. */
type Since = number | readonly [number]

function since(time: number, before: number): Since {
  const difference = time - before
  return before + difference === time ? difference : [time]
}

function moment(written: Since, before: number): number {
  return typeof written === 'number' ? before + written : written[0]
}

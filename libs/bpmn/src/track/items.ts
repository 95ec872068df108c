/**
 * The items of a run: each a run of its own over the events that name it, so that none is told by what another does. Which item an event is about
 * is decided on the reading so far; the net around is told only that one begins, that none is at work any more, and what one throws.
 */
import { partsOf, type Place, type Transition } from '../net/net.js'
import type { Cause } from './cause.js'
import { firedUpTo } from './deviations.js'
import type { Fact } from './fact.js'
import { fire, type Marking } from './marking.js'
import type { Run } from './run.js'
import { itemLabels, itemName, type TrackedItems } from './tracked-items.js'

export interface Item {
  readonly of: TrackedItems
  /** '' where the event that began it does not say. */
  readonly key: string
  readonly run: Run
}

interface Followed extends Item {
  /** `live`: more may come of it. */
  state: 'live' | 'ended' | 'cancelled'
  /** It cannot end as it is: events of it are still to come. */
  busy: boolean
  /** Steps of its run that the net around has been told of. */
  told: number
}

/** From when the part was entered to when it was left; of what happens beside something else, all there is. */
interface Stay {
  readonly of: TrackedItems
  readonly byKey: Map<string, Followed>
  busy: number
  done: number
  /** As far as is known, it was left. */
  isOver: boolean
}

export class Items {
  readonly #run: Run
  readonly #beginRun: (of: TrackedItems, first: Fact) => Run
  /** All that ever began, in that order. */
  #all: Followed[] = []
  readonly #stays = new Map<string, Stay>()
  readonly #byRun = new Map<Run, Followed>()

  /** @param begin a run of one item, on its first event */
  constructor(run: Run, begin: (of: TrackedItems, first: Fact) => Run, from?: Items) {
    this.#run = run
    this.#beginRun = begin
    if (from === undefined) return
    const copies = new Map<Followed, Followed>()
    this.#all = from.#all.map((item) => {
      const copy = { ...item, run: item.state === 'live' ? item.run.clone(run) : item.run }
      copies.set(item, copy)
      this.#byRun.set(copy.run, copy)
      return copy
    })
    for (const [id, stay] of from.#stays) {
      this.#stays.set(id, { ...stay, byKey: new Map([...stay.byKey].flatMap(([key, item]) => { const copy = copies.get(item); return copy === undefined ? [] : [[key, copy] as const] })) })
    }
  }

  /** All that ever began, in that order. */
  get all(): readonly Item[] {
    return this.#all
  }

  /** Lets go of what can be told again. */
  rest(): void {
    for (const { run } of this.#all) run.rest()
  }

  /** Those of which more may come, of parts that have not been left. */
  get open(): readonly Item[] {
    return this.#all.filter((item) => item.state === 'live' && this.#stays.get(item.of.id)?.isOver === false)
  }

  /** Whether items are shown in place of the token that stands for them here. */
  areShownFor({ element, kind }: Place): boolean {
    return this.#run.model.itemsAt.has(element) && (kind === 'in' || (kind === 'choice' && this.open.some(({ of }) => of.id === element)))
  }

  /** Of the present stay at an element: how many have begun, and have ended. Undefined where it is not followed item by item. */
  countOf(element: string): { readonly begun: number; readonly done: number } | undefined {
    if (!this.#run.model.itemsAt.has(element)) return undefined
    const stay = this.#stays.get(element)
    return { begun: stay?.byKey.size ?? 0, done: stay?.done ?? 0 }
  }

  /** Whether an event may be taken without any deviation, by an item or as the beginning of one. */
  fit(fact: Fact, labels: readonly string[]): boolean {
    return this.#offers(fact, labels).some((offer) => isTaking(offer) || this.#canBegin(offer))
  }

  /** Takes an event. False: it is about no item, or no item can begin with it. */
  take(fact: Fact, labels: readonly string[]): boolean {
    const offers = this.#offers(fact, labels)
    if (offers.length === 0) return false
    const fitting = offers.find(isTaking)
    const outside = labels.filter((label) => this.#run.model.itemsAround(partsOf(label).element) === undefined)
    // What may as well have happened outside is about an item only where it names one.
    if (outside.length > 0 && fitting?.isNamed !== true && this.#run.fitsHere(outside)) return false
    if (fitting?.item !== undefined) return this.#give(fitting.item, fact, fitting.labels)
    const beginning = offers.find((offer) => this.#canBegin(offer))
    if (beginning !== undefined) return this.#begin(beginning, fact)
    const live = offers.find(({ item }) => item?.state === 'live')
    if (live?.item !== undefined) return this.#give(live.item, fact, live.labels)
    for (const offer of offers) if (offer.item === undefined && this.#begin(offer, fact)) return true
    const over = offers.find(({ item }) => item !== undefined)
    return over?.item !== undefined && this.#give(over.item, fact, over.labels)
  }

  /** The item that a person means: the one of that name, or the only one at work there. `inner`: which of the items that this one has itself. */
  meant(element: string, name: string | undefined): { readonly item: Item; readonly inner: string | undefined } | undefined {
    const all = [...this.#stays.get(this.#run.model.itemsAround(element)?.id ?? '')?.byKey.values() ?? []]
    if (name === undefined) {
      const [item, ...others] = all.filter(({ state }) => state === 'live')
      return item === undefined || others.length > 0 ? undefined : { item, inner: undefined }
    }
    const item = all.find(({ key }) => key === name) ?? all.find(({ key }) => name.startsWith(itemName(key, '')))
    return item === undefined ? undefined : { item, inner: item.key === name ? undefined : name.slice(itemName(item.key, '').length) }
  }

  /** An item went on by itself, by a timer, data or a person: what follows for the net around. */
  tellOf(run: Run, arrival: number): void {
    const item = this.#byRun.get(run)
    if (item !== undefined) this.#tell(item, run.headTime, arrival, run.head?.cause ?? '')
  }

  /** Decides in items what can be decided now. */
  settle(arrival: number): void {
    if (!this.#run.model.decidesInItems) return
    for (const item of this.open) {
      if (!item.run.model.decides && !item.run.model.decidesInItems) continue
      const before = item.run.head
      item.run.settle(arrival)
      if (item.run.head !== before) this.tellOf(item.run, arrival)
    }
  }

  /** After each step of the net around: parts that it has left, or that something has interrupted. */
  noteLeft(wasMoved: boolean): void {
    const marking = this.#run.belief.hypotheses[0]?.marking ?? ''
    for (const stay of this.#stays.values()) {
      const wasOver = stay.isOver
      stay.isOver = !stay.of.isOpenIn(marking)
      if (!stay.isOver || wasOver || (!wasMoved && this.#wasLeft(stay.of))) continue
      for (const item of stay.byKey.values()) if (item.state === 'live') this.#cancel(stay, item)
    }
  }

  /** Elements that items of a part which was left have not done, and the item, if it is one. */
  undone(element: string): { readonly elements: readonly string[]; readonly item: string | undefined } {
    const busy = [...this.#stays.get(element)?.byKey.values() ?? []].filter((item) => item.busy)
    return { elements: busy.flatMap(({ run }) => run.undone()), item: busy.length === 1 ? busy[0]?.key : undefined }
  }

  #offers(fact: Fact, labels: readonly string[]): readonly Offer[] {
    const { model, version } = this.#run
    const own = new Map<TrackedItems, string[]>()
    for (const label of labels) {
      const of = model.itemsAround(partsOf(label).element)
      if (of !== undefined) own.set(of, [...(own.get(of) ?? []), label])
    }
    const named = fact.labels[itemLabels(version)] ?? NONE
    return [...own].map(([of, inside]): Offer => {
      const key = named.find((name) => name.startsWith(`${of.id}\u0000`))?.slice(of.id.length + 1)
      const stay = this.#stays.get(of.id)
      const fits = (item: Followed | undefined) => item?.state === 'live' && item.run.fits(fact, inside)
      // One that does not say its item is about the first that it fits.
      const item = key !== undefined ? stay?.byKey.get(key) : [...(stay?.byKey.values() ?? [])].find(fits) ?? stay?.byKey.get('')
      return { of, key: key ?? '', isNamed: key !== undefined, labels: inside, item, fits: fits(item) }
    })
  }

  #canBegin({ of, item, labels }: Offer): boolean {
    if (item !== undefined && (item.state === 'live' || !this.#mayComeAgain(of))) return false
    return of.model.canStart(labels) && this.#run.fitsHere(of.start.labels)
  }

  /** The key was there before, and its item is over: a repeated activity has to be entered anew. */
  #mayComeAgain(of: TrackedItems): boolean {
    if (!of.isActivity) return true
    const { model: { table: { search }, net }, belief } = this.#run
    const canStart = (marking: Marking) => of.start.transitions.some((start) => search.enable(marking, start, 0).length > 0)
    return belief.hypotheses.some(({ cost, marking }) => cost === 0 && (!of.isOpenIn(marking) ? canStart(marking)
      : of.leaves.some((index) => {
        const leave = net.transitions[index] as Transition
        return search.enable(marking, leave, 0).some((way) => canStart(search.rest(fire(way.marking, leave)).marking))
      })))
  }

  /** False where the part cannot be open. */
  #begin({ of, key, labels, item: former }: Offer, fact: Fact): boolean {
    const known = this.#stays.get(of.id)
    const isNew = known === undefined || (of.isActivity && (known.isOver || former !== undefined))
    const stay: Stay = isNew ? { of, byKey: new Map(), busy: 0, done: 0, isOver: false } : known
    if (!this.#run.tell(of.start, fact.time, fact.appendTime, fact)) return false
    const item: Followed = { of, key, run: this.#beginRun(of, fact), state: 'live', busy: true, told: 0 }
    this.#stays.set(of.id, stay)
    stay.byKey.set(key, item)
    stay.busy++
    stay.isOver = false
    this.#all.push(item)
    this.#byRun.set(item.run, item)
    return this.#give(item, fact, labels)
  }

  #give(item: Followed, fact: Fact, labels: readonly string[]): boolean {
    item.run.observe(fact, labels)
    this.#tell(item, fact.time, fact.appendTime, fact)
    return true
  }

  #tell(item: Followed, time: number, arrival: number, cause: Cause): void {
    const { run, of } = item
    for (const element of run.thrownSince(item.told)) {
      const enabled = of.thrownBy(element).find((transition) => this.#run.isEnabled(transition))
      if (enabled !== undefined) this.#run.act('call', enabled, Math.max(time, this.#run.headTime), arrival, cause)
    }
    item.told = run.length
    const stay = this.#stays.get(of.id)
    if (item.state === 'cancelled' || stay?.byKey.get(item.key) !== item) return
    if (item.state === 'live' && run.posture.ended) {
      item.state = 'ended'
      stay.done++
    }
    const busy = !run.canEnd
    if (busy === item.busy) return
    item.busy = busy
    stay.busy += busy ? 1 : -1
    if (stay.busy === 0) this.#run.tell(of.end, time, arrival, cause)
    else if (busy && stay.busy === 1) this.#run.tell(of.start, time, arrival, cause)
  }

  #cancel(stay: Stay, item: Followed): void {
    item.state = 'cancelled'
    if (item.busy) stay.busy--
    item.busy = false
    item.run.cancel(this.#run)
    item.told = item.run.length
  }

  /** Because its items were done, though perhaps nobody has seen that; else it was interrupted. */
  #wasLeft(of: TrackedItems): boolean {
    for (const transition of firedUpTo(this.#run.model, this.#run.head, 0)) if (of.isLostBy(transition)) return of.isLeftBy(transition)
    return true
  }
}

/** What an event may be in one part. */
interface Offer {
  readonly of: TrackedItems
  readonly key: string
  /** The event says so. */
  readonly isNamed: boolean
  readonly labels: readonly string[]
  readonly item: Followed | undefined
  readonly fits: boolean
}

const NONE: readonly string[] = []

function isTaking({ fits }: Offer): boolean {
  return fits
}

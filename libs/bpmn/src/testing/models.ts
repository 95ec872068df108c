/**
 * Random block-structured models: what people draw, without what nobody can follow. A block is a plain tree; {@link modelOf} draws it. Timers are
 * placed behind an observed task and their hosts end with one, because a choice that nobody has seen being made arms no timer (it is refused at
 * deployment).
 */
import fc from 'fast-check'
import type { Binding, ProcessModel } from '../model.js'
import { processOf, type ElementDraft, type ProcessDraft } from './scenario.js'

export type Block =
  | { readonly kind: 'task'; readonly started: boolean; readonly likeEarlier: number | undefined; readonly repeats?: Repeats }
  | { readonly kind: 'sequence' | 'choice' | 'parallel' | 'inclusive' | 'race'; readonly blocks: readonly Block[] }
  | { readonly kind: 'timedRace'; readonly blocks: readonly Block[] }
  | { readonly kind: 'optional' | 'subProcess'; readonly body: Block }
  | { readonly kind: 'loop'; readonly body: Block; readonly redo: Block | undefined }
  | {
    readonly kind: 'boundary'; readonly host: Block | undefined; readonly trigger: 'message' | 'timer'; readonly interrupting: boolean; readonly handler: Block
  }
  | EventSub
  /** A parallel multi-instance sub-process whose events name their item. */
  | { readonly kind: 'items'; readonly body: Block }

type EventSub = {
  readonly kind: 'eventSub'; readonly host: Block; readonly trigger: 'message' | 'timer'; readonly interrupting: boolean; readonly handler: Block
}

type Repeats = 'standard' | 'parallel' | 'sequential' | undefined

export interface BlockOptions {
  readonly loops: boolean
  /** Boundary events and races with timers. */
  readonly timers: boolean
  /** One event type may stand for several tasks. */
  readonly ambiguous: boolean
  /** Boundary events that leave their host alone may come again and again. */
  readonly nonInterrupting: boolean
  /** Inclusive gateways: what one lost event means is then often open, so that measurements of recovery do without. */
  readonly inclusive?: boolean
  /** Event sub-processes. */
  readonly eventSubs?: boolean
  /** Tasks with loop markers. */
  readonly repeated?: boolean
  /** Parts that are followed item by item; inside them, where `nested`, others. */
  readonly items?: 'plain' | 'nested'
  readonly depth?: number
}

/** How long timers wait, milliseconds. */
export const TIMER_MS = 5 * 3_600_000

export function blocks(options: BlockOptions): fc.Arbitrary<Block> {
  const task: fc.Arbitrary<Block & { readonly kind: 'task' }> = fc.record({
    kind: fc.constant('task' as const),
    started: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
    likeEarlier: options.ambiguous ? fc.option(fc.nat(5), { freq: 5, nil: undefined }) : fc.constant(undefined),
    ...(options.repeated === true ? { repeats: fc.constantFrom<Repeats[]>(undefined, undefined, undefined, undefined, 'standard', 'parallel', 'sequential') } : {}),
  })
  const { block } = fc.letrec<{ block: Block }>((tie) => {
    const some = (min: number, max: number) => fc.array(tie('block'), { minLength: min, maxLength: max })
    const group = <K extends string>(kind: K, min: number, max: number) => fc.record({ kind: fc.constant(kind), blocks: some(min, max) })
    return {
      block: fc.oneof(
        { maxDepth: options.depth ?? 3, withCrossShrink: true },
        { weight: 4, arbitrary: task },
        { weight: 3, arbitrary: group('sequence', 2, 3) },
        { weight: 2, arbitrary: group('choice', 2, 3) },
        { weight: 2, arbitrary: group('parallel', 2, 3) },
        ...(options.inclusive === true ? [{ weight: 1, arbitrary: group('inclusive', 2, 3) }] : []),
        { weight: 1, arbitrary: group('race', 2, 3) },
        { weight: 1, arbitrary: fc.record({ kind: fc.constant('optional' as const), body: tie('block') }) },
        { weight: 1, arbitrary: fc.record({ kind: fc.constant('subProcess' as const), body: tie('block') }) },
        ...(options.loops ? [{
          weight: 1, arbitrary: fc.record({ kind: fc.constant('loop' as const), body: tie('block'), redo: fc.option(tie('block'), { nil: undefined }) }),
        }] : []),
        ...(options.timers ? [{ weight: 1, arbitrary: group('timedRace', 1, 2) }] : []),
        ...(options.items === undefined ? [] : [{ weight: 4, arbitrary: fc.record({ kind: fc.constant('items' as const), body: itemBody(options) }) }]),
        ...(options.eventSubs === true ? [{
          weight: 1,
          arbitrary: fc.record({
            kind: fc.constant('eventSub' as const), host: tie('block'), handler: tie('block'),
            trigger: options.timers ? fc.constantFrom('message' as const, 'timer' as const) : fc.constant('message' as const),
            interrupting: options.nonInterrupting ? fc.boolean() : fc.constant(true),
          // What runs beside may run several times at once: which of them an event belongs to is open, so that it is a task.
          }).chain((sub) => (sub.interrupting ? fc.constant(sub) : task.map(({ repeats: _repeats, ...handler }) => ({ ...sub, handler })))),
        }] : []),
        {
          weight: 1,
          arbitrary: fc.record({
            kind: fc.constant('boundary' as const), host: fc.option(tie('block'), { nil: undefined }), handler: tie('block'),
            trigger: options.timers ? fc.constantFrom('message' as const, 'timer' as const) : fc.constant('message' as const),
            interrupting: options.nonInterrupting ? fc.boolean() : fc.constant(true),
          }),
        },
      ),
    }
  })
  return fc.record({ kind: fc.constant('sequence' as const), blocks: fc.array(block, { minLength: 2, maxLength: 4 }) })
}

/** Items of one stay are as long as that: what they do is drawn small, and nothing in it waits for time. */
function itemBody(options: BlockOptions): fc.Arbitrary<Block> {
  const { items, ...others } = options
  return blocks({ ...others, timers: false, depth: 1, ...(items === 'nested' ? { items: 'plain' } : {}) })
}

/** Draws a block between a message start and an end. */
export function modelOf(block: Block, rest: Partial<Omit<ProcessModel, 'elements' | 'flows'>> = {}): ProcessModel {
  const drawing = new Drawing()
  const { entry, exit } = drawing.draw(block, undefined)
  drawing.element('start', { trigger: { kind: 'message' } })
  drawing.element('end', {})
  drawing.flow('start', entry)
  drawing.flow(exit, 'end')
  return processOf({ ...drawing.draft, ...rest })
}

interface Ends {
  readonly entry: string
  readonly exit: string
}

class Drawing {
  readonly draft: ProcessDraft & { readonly elements: Record<string, ElementDraft>; readonly flows: string[] } = { elements: {}, flows: [] }
  readonly #types: string[] = []
  #count = 0

  element(id: string, draft: ElementDraft, parent?: string): string {
    this.draft.elements[id] = parent === undefined ? draft : { ...draft, parent }
    return id
  }

  flow(from: string, to: string): void {
    this.draft.flows.push(`${from} > ${to}`)
  }

  draw(block: Block, parent: string | undefined): Ends {
    switch (block.kind) {
      case 'task':
        return this.#task(block, parent)
      case 'sequence':
        return this.#chain(block.blocks.map((inner) => this.draw(inner, parent)))
      case 'choice':
        return this.#between('xor', block.blocks, parent)
      case 'parallel':
        return this.#between('and', block.blocks, parent)
      case 'inclusive':
        return this.#between('or', block.blocks, parent)
      case 'race':
        return this.#race(block.blocks, parent, false)
      case 'timedRace':
        return this.#chain([this.#plain(parent), this.#race(block.blocks, parent, true)])
      case 'optional': {
        const ends = this.#between('xor', [block.body], parent)
        this.flow(ends.entry, ends.exit)
        return ends
      }
      case 'loop':
        return this.#loop(block, parent)
      case 'items':
        return this.#subProcess(block.body, parent, true, { itemKey: 'data.item', loop: { kind: 'parallel' } })
      case 'subProcess':
        return this.#subProcess(block.body, parent, false)
      case 'boundary':
        return this.#boundary(block, parent)
      case 'eventSub':
        return this.#eventSub(block, parent)
    }
  }

  #id(prefix: string): string {
    return `${prefix}${++this.#count}`
  }

  #plain(parent: string | undefined): Ends {
    return this.#task({ kind: 'task', started: false, likeEarlier: undefined }, parent)
  }

  #task(block: Block & { kind: 'task' }, parent: string | undefined): Ends {
    const id = this.#id('t')
    const type = block.likeEarlier === undefined ? id : (this.#types[block.likeEarlier] ?? id)
    if (type === id) this.#types.push(id)
    const bindings: Binding[] = [{ event: type, phase: 'end', from: 'name' }]
    if (block.started) bindings.unshift({ event: `${id}.start`, phase: 'start', from: 'name' })
    this.element(id, { bindings, ...(block.repeats === undefined ? {} : { loop: { kind: block.repeats } }) }, parent)
    return { entry: id, exit: id }
  }

  #chain(parts: readonly Ends[]): Ends {
    parts.slice(1).forEach((part, index) => this.flow(parts[index]?.exit ?? '', part.entry))
    return { entry: parts[0]?.entry ?? '', exit: parts.at(-1)?.exit ?? '' }
  }

  #between(gateway: 'xor' | 'and' | 'or', inner: readonly Block[], parent: string | undefined): Ends {
    const entry = this.element(this.#id(gateway), {}, parent)
    const exit = this.element(this.#id(gateway), {}, parent)
    for (const block of inner) {
      const part = this.draw(block, parent)
      this.flow(entry, part.entry)
      this.flow(part.exit, exit)
    }
    return { entry, exit }
  }

  #race(inner: readonly Block[], parent: string | undefined, timed: boolean): Ends {
    const entry = this.element(this.#id('race'), {}, parent)
    const exit = this.element(this.#id('xor'), {}, parent)
    inner.forEach((block, index) => {
      const trigger = timed && index === 0 ? timer : ({ kind: 'message' } as const)
      const first = this.element(this.#id('m'), { kind: 'intermediateCatchEvent', trigger }, parent)
      const part = this.draw(block, parent)
      this.flow(entry, first)
      this.flow(first, part.entry)
      this.flow(part.exit, exit)
    })
    if (timed) {
      const other = this.element(this.#id('m'), { kind: 'intermediateCatchEvent', trigger: { kind: 'message' } }, parent)
      this.flow(entry, other)
      this.flow(other, exit)
    }
    return { entry, exit }
  }

  #loop(block: Block & { kind: 'loop' }, parent: string | undefined): Ends {
    const entry = this.element(this.#id('xor'), {}, parent)
    const exit = this.element(this.#id('xor'), {}, parent)
    const body = this.draw(block.body, parent)
    this.flow(entry, body.entry)
    this.flow(body.exit, exit)
    if (block.redo === undefined) {
      this.flow(exit, entry)
    } else {
      const redo = this.draw(block.redo, parent)
      this.flow(exit, redo.entry)
      this.flow(redo.exit, entry)
    }
    return { entry, exit }
  }

  #subProcess(body: Block, parent: string | undefined, endsObserved: boolean, more: ElementDraft = {}): Ends {
    const id = this.element(this.#id('sub'), { kind: 'subProcess', ...more }, parent)
    const start = this.element(this.#id('start'), {}, id)
    const end = this.element(this.#id('end'), {}, id)
    const inner = this.draw(body, id)
    this.#chain([{ entry: start, exit: start }, inner, ...(endsObserved ? [this.#plain(id)] : []), { entry: end, exit: end }])
    return { entry: id, exit: id }
  }

  /** A sub-process that ends with an observed task, and in it one that an event starts. */
  #eventSub(block: EventSub, parent: string | undefined): Ends {
    const before = this.#plain(parent)
    const host = this.#subProcess(block.host, parent, true)
    const id = this.element(this.#id('es'), { kind: 'subProcess', triggeredByEvent: true }, host.entry)
    const start = this.element(this.#id('start'), { trigger: block.trigger === 'timer' ? timer : { kind: 'message' }, interrupting: block.interrupting }, id)
    const end = this.element(this.#id('end'), {}, id)
    this.#chain([{ entry: start, exit: start }, this.draw(block.handler, id), this.#plain(id), { entry: end, exit: end }])
    const after = this.#plain(parent)
    this.#chain([before, host, after])
    return { entry: before.entry, exit: after.exit }
  }

  #boundary(block: Block & { kind: 'boundary' }, parent: string | undefined): Ends {
    const before = this.#plain(parent)
    const host = block.host === undefined ? this.#plain(parent) : this.#subProcess(block.host, parent, true)
    const event = this.element(this.#id('b'), {
      kind: 'boundaryEvent', attachedTo: host.entry, interrupting: block.interrupting, trigger: block.trigger === 'timer' ? timer : { kind: 'message' },
    }, parent)
    const handler = this.draw(block.handler, parent)
    this.flow(before.exit, host.entry)
    this.flow(event, handler.entry)
    const exit = block.interrupting ? this.element(this.#id('xor'), {}, parent) : this.#plain(parent).entry
    this.flow(host.exit, exit)
    this.flow(handler.exit, block.interrupting ? exit : this.element(this.#id('end'), {}, parent))
    return { entry: before.entry, exit }
  }
}

const timer = { kind: 'timer', timer: { kind: 'duration', text: 'PT5H', mode: 'self' } } as const

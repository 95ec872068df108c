/**
 * What a diagram is to show, as data. Pages make one from what the API says (lens.ts, path.ts, marks of findings); the drawing compares it
 * with the one before and touches only what differs. Texts are texts: they reach the DOM as text nodes, never as markup.
 */
export interface DiagramView {
  /** By element id; an element that is not here has nothing to say. */
  elements: ReadonlyMap<string, ElementView>
  /** By sequence flow id. */
  flows: ReadonlyMap<string, FlowView>
}

export type MarkKind = 'stuck' | 'late' | 'deviating' | 'error' | 'warning' | 'info'

export interface Mark {
  kind: MarkKind
  /** Beside the sign; empty where the sign says it all. */
  text: string
  title: string
}

export interface Pill {
  /** `tokens`: instances are here. `measure`: a figure of the lens. */
  tone: 'tokens' | 'measure'
  text: string
  title: string
}

/** How an element or flow is painted; each is a CSS class `tm-...` on its graphics. */
export type Paint =
  | 'heat-1'
  | 'heat-2'
  | 'heat-3'
  | 'heat-4'
  | 'heat-5'
  | 'volume-1'
  | 'volume-2'
  | 'volume-3'
  | 'volume-4'
  | 'volume-5'
  | 'visited'
  | 'assumed'
  | 'here'
  | 'quiet'
  | 'taken'
  | 'deviates'
  | 'fault'

export interface ElementView {
  paint: readonly Paint[]
  pill?: Pill
  marks: readonly Mark[]
}

export interface FlowView {
  paint: readonly Paint[]
  /** 0..1 of the widest band. */
  weight: number
  /** Count label; absent where there is no room for meaning. */
  label?: string
  title: string
}

export const emptyView: DiagramView = { elements: new Map(), flows: new Map() }

export interface ViewChanges {
  elements: { id: string; before: ElementView | undefined; after: ElementView | undefined }[]
  flows: { id: string; before: FlowView | undefined; after: FlowView | undefined }[]
}

/** What must be touched to get from one view to the other, and nothing else. */
export function diffViews(before: DiagramView, after: DiagramView): ViewChanges {
  return {
    elements: diffMaps(before.elements, after.elements, sameElement),
    flows: diffMaps(before.flows, after.flows, sameFlow),
  }
}

function diffMaps<T>(before: ReadonlyMap<string, T>, after: ReadonlyMap<string, T>, same: (a: T, b: T) => boolean) {
  const changes: { id: string; before: T | undefined; after: T | undefined }[] = []
  for (const [id, was] of before) {
    const is = after.get(id)
    if (is === undefined || !same(was, is)) changes.push({ id, before: was, after: is })
  }
  for (const [id, is] of after) if (!before.has(id)) changes.push({ id, before: undefined, after: is })
  return changes
}

function sameElement(a: ElementView, b: ElementView): boolean {
  return (
    samePaint(a.paint, b.paint)
    && samePill(a.pill, b.pill)
    && a.marks.length === b.marks.length
    && a.marks.every((mark, at) => sameMark(mark, b.marks[at]!))
  )
}

function sameFlow(a: FlowView, b: FlowView): boolean {
  return a.weight === b.weight && a.label === b.label && a.title === b.title && samePaint(a.paint, b.paint)
}

function samePaint(a: readonly Paint[], b: readonly Paint[]): boolean {
  return a.length === b.length && a.every((paint, at) => paint === b[at])
}

function samePill(a: Pill | undefined, b: Pill | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && a.text === b.text && a.tone === b.tone && a.title === b.title)
}

function sameMark(a: Mark, b: Mark): boolean {
  return a.kind === b.kind && a.text === b.text && a.title === b.title
}

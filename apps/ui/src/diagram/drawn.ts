/** What bpmn-js hands over, as far as it is looked at here, and what is done to a file before it is drawn. */

/** Colours of the file are dropped: on this canvas a colour means something that was observed. */
export function prepare(definitions: Definitions | undefined): void {
  for (const item of itemsOf(definitions)) {
    dropColours(item)
    widenLabel(item)
  }
}

export interface Drawn {
  id: string
  type?: string
  parent?: unknown
  waypoints?: unknown
  labelTarget?: Drawn
}

/** The flow node that was meant: a label stands for its element; flows and the empty canvas are nothing to select. */
export function elementOf(drawn: Drawn): string | undefined {
  const meant = drawn.labelTarget ?? drawn
  if (meant.waypoints !== undefined || meant.parent === undefined || meant.parent === null) return undefined
  return meant.id
}

export function isFrame(element: unknown): boolean {
  const { type, collapsed, children } = element as { type?: string; collapsed?: boolean; children?: readonly unknown[] }
  if (/Participant|Lane/.test(type ?? '')) return true
  return collapsed !== true && (children?.length ?? 0) > 0 && /SubProcess|Transaction/.test(type ?? '')
}

interface DrawnItem {
  set(name: string, value: unknown): void
  label?: { bounds?: { x: number; width: number } }
}

export interface Definitions {
  diagrams?: { plane?: { planeElement?: DrawnItem[] } }[]
}

function itemsOf(definitions: Definitions | undefined): DrawnItem[] {
  return (definitions?.diagrams ?? []).flatMap(({ plane }) => plane?.planeElement ?? [])
}

function dropColours(item: DrawnItem): void {
  for (const name of ['bioc:fill', 'bioc:stroke', 'color:background-color', 'color:border-color']) item.set(name, undefined)
}

/**
 * Editors write the width that a label had in their font; in a wider one its words would be broken. The text is centred and stays in
 * place.
 */
function widenLabel({ label }: DrawnItem): void {
  const bounds = label?.bounds
  if (bounds === undefined) return
  const widerPx = Math.max(bounds.width * 0.3, 12)
  bounds.x -= widerPx / 2
  bounds.width += widerPx
}

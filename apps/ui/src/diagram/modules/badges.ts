import type Canvas from 'diagram-js/lib/core/Canvas'
import type ElementRegistry from 'diagram-js/lib/core/ElementRegistry'
import type EventBus from 'diagram-js/lib/core/EventBus'
import type Overlays from 'diagram-js/lib/features/overlays/Overlays'
import type { ShapeLike } from 'diagram-js/lib/model/Types'
import { signPaths } from '../../signs.js'
import type { ElementView, Mark, Pill } from '../view.js'

/**
 * The pill (how many are here, or a figure) and the marks (stuck, late, off the path, findings) of an element. Each is one overlay, made
 * the first time there is something to say and from then on only its DOM is changed: adding and removing overlays costs up to ten times as
 * much.
 */
export class Badges {
  static $inject = ['canvas', 'elementRegistry', 'eventBus', 'overlays']
  #badges = new Map<string, { pill?: HTMLButtonElement; marks?: HTMLButtonElement; box?: HTMLElement }>()

  constructor(
    readonly canvas: Canvas,
    readonly registry: ElementRegistry,
    readonly eventBus: EventBus,
    readonly overlays: Overlays,
  ) {
    eventBus.on('diagram.clear', () => this.#badges.clear())
  }

  show(id: string, view: ElementView | undefined): void {
    const shape = this.registry.get(id) as ShapeLike | undefined
    if (shape === undefined || 'waypoints' in shape) return
    const badges = this.#badges.get(id) ?? {}
    this.#badges.set(id, badges)
    const name = String((shape as { businessObject?: { name?: string } }).businessObject?.name ?? id)
    if (view?.pill !== undefined) fillPill((badges.pill ??= this.#add(shape, 'pill', badges)), name, view.pill)
    else if (badges.pill !== undefined) badges.pill.hidden = true
    if (view !== undefined && view.marks.length > 0) fillMarks((badges.marks ??= this.#add(shape, 'marks', badges)), name, view.marks)
    else if (badges.marks !== undefined) badges.marks.hidden = true
  }

  #add(shape: ShapeLike, kind: 'pill' | 'marks', badges: { box?: HTMLElement }): HTMLButtonElement {
    const button = document.createElement('button')
    button.type = 'button'
    button.className = `tm-${kind}`
    button.dataset['element'] = String(shape.id)
    button.addEventListener('click', (originalEvent) => this.eventBus.fire('element.click', { element: shape, originalEvent }))
    button.addEventListener('mouseenter', () => this.eventBus.fire('element.hover', { element: shape }))
    button.addEventListener('mouseleave', () => this.eventBus.fire('element.out', { element: shape }))
    const place = placeBeside(shape)
    if (place === undefined) this.#box(shape, kind, corners[kind]).append(button)
    else (badges.box ??= this.#box(shape, place.name, place.at)).append(button)
    return button
  }

  #box(shape: ShapeLike, name: string, position: Position): HTMLElement {
    const box = document.createElement('div')
    box.className = `tm-anchor tm-at-${name}`
    const anchor = document.createElement('div')
    anchor.append(box)
    this.overlays.add(shape as never, `tm-${name}`, { position, html: anchor, scale: { min: leastScale }, show: { minZoom: 0.16 } })
    return box
  }
}

interface Position {
  top?: number
  right?: number
  bottom?: number
  left?: number
}

/** Badges shrink with the drawing down to this, so that they can be read where its labels no longer can. */
const leastScale = 0.66

/** On activities pills sit on the lower left corner and marks on the upper right one. */
const corners: Record<'pill' | 'marks', Position> = { pill: { bottom: 11, left: -10 }, marks: { top: -16, right: -12 } }

/**
 * Events and gateways are too small for corners: both stand together, above; on the upper left where their name is above; on the lower
 * left where they sit on the border of an activity.
 */
function placeBeside(shape: ShapeLike): { name: string; at: Position } | undefined {
  const { width, height, y, host, label } = shape as unknown as {
    width: number
    height: number
    y: number
    host?: unknown
    label?: { y: number; height: number }
  }
  if (width >= 60) return undefined
  if (host !== undefined && host !== null) return { name: 'lower-left', at: { top: height - 6, left: 6 } }
  if (label && label.y + label.height / 2 < y) return { name: 'upper-left', at: { top: 13, left: 13 } }
  return { name: 'above', at: { top: 5, left: width / 2 } }
}

function fillPill(button: HTMLButtonElement, name: string, pill: Pill): void {
  button.hidden = false
  button.dataset['tone'] = pill.tone
  button.textContent = pill.text
  button.title = pill.title
  button.setAttribute('aria-label', `${name}: ${pill.title}`)
}

function fillMarks(button: HTMLButtonElement, name: string, marks: readonly Mark[]): void {
  button.hidden = false
  button.setAttribute('aria-label', `${name}: ${marks.map(({ title }) => title).join(', ')}`)
  button.replaceChildren(
    ...marks.map((mark) => {
      const part = document.createElement('span')
      part.className = 'tm-mark'
      part.dataset['mark'] = mark.kind
      part.title = mark.title
      part.append(sign(mark), document.createTextNode(mark.text))
      return part
    }),
  )
}

function sign(mark: Mark): SVGSVGElement {
  const svg = document.createElementNS(svgNamespace, 'svg')
  svg.setAttribute('viewBox', '0 0 12 12')
  const path = document.createElementNS(svgNamespace, 'path')
  path.setAttribute('d', signPaths[mark.kind])
  svg.append(path)
  return svg
}

const svgNamespace = 'http://www.w3.org/2000/svg'

export default { __init__: ['tmBadges'], tmBadges: ['type', Badges] }

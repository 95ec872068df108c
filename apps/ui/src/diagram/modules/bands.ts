import type ElementRegistry from 'diagram-js/lib/core/ElementRegistry'
import type EventBus from 'diagram-js/lib/core/EventBus'
import type { ConnectionLike } from 'diagram-js/lib/model/Types'
import type { FlowView } from '../view.js'
import { pathOf, Polyline } from './waypoints.js'

/**
 * How often a flow was taken: a soft band under its line, as wide as its share, and a small count beside it. The line itself keeps its
 * width, so that arrow heads stay the size that they were drawn for.
 */
export class Bands {
  static $inject = ['elementRegistry', 'eventBus']
  #bands = new Map<string, { band: SVGPathElement; title: SVGTitleElement; label: SVGTextElement; across: Polyline }>()

  constructor(
    readonly registry: ElementRegistry,
    eventBus: EventBus,
  ) {
    eventBus.on('diagram.clear', () => this.#bands.clear())
  }

  show(id: string, view: FlowView | undefined): void {
    const known = this.#bands.get(id) ?? (view === undefined ? undefined : this.#add(id))
    if (known === undefined) return
    const widthPx = view === undefined || view.weight === 0 ? 0 : minWidthPx + view.weight * (maxWidthPx - minWidthPx)
    known.band.style.strokeWidth = `${widthPx}px`
    known.band.style.display = widthPx === 0 ? 'none' : ''
    known.title.textContent = view?.title ?? ''
    known.label.textContent = view?.label ?? ''
    const { middle, upright } = known.across.roomiest()
    const away = widthPx / 2 + (upright ? 5 : 12)
    known.label.setAttribute('x', String(upright ? middle.x + away : middle.x))
    known.label.setAttribute('y', String(upright ? middle.y + 3 : middle.y + away))
    known.label.setAttribute('text-anchor', upright ? 'start' : 'middle')
  }

  #add(id: string) {
    const connection = this.registry.get(id) as ConnectionLike | undefined
    const graphics = this.registry.getGraphics(id)
    const waypoints = connection?.waypoints
    if (graphics === undefined || waypoints === undefined) return undefined
    const band = document.createElementNS(svgNamespace, 'path')
    band.setAttribute('class', 'tm-band')
    band.setAttribute('d', pathOf(waypoints))
    const title = document.createElementNS(svgNamespace, 'title')
    const label = document.createElementNS(svgNamespace, 'text')
    label.setAttribute('class', 'tm-count')
    graphics.insertBefore(band, graphics.firstChild)
    graphics.append(label, title)
    const made = { band, title, label, across: new Polyline(waypoints) }
    this.#bands.set(id, made)
    return made
  }
}

const minWidthPx = 4
const maxWidthPx = 16
const svgNamespace = 'http://www.w3.org/2000/svg'

export default { __init__: ['tmBands'], tmBands: ['type', Bands] }

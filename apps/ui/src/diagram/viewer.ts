import NavigatedViewer from 'bpmn-js/lib/NavigatedViewer'
import 'bpmn-js/dist/assets/bpmn-js.css'
import 'bpmn-js/dist/assets/diagram-js.css'
import type Canvas from 'diagram-js/lib/core/Canvas'
import type ElementRegistry from 'diagram-js/lib/core/ElementRegistry'
import type EventBus from 'diagram-js/lib/core/EventBus'
import { elementOf, isFrame, prepare, type Definitions, type Drawn } from './drawn.js'
import badges, { type Badges } from './modules/badges.js'
import bands, { type Bands } from './modules/bands.js'
import paints, { type Paints } from './modules/paints.js'
import travellers, { type Move, type Travellers } from './modules/travellers.js'
import './viewer.css'
import { diffViews, emptyView, type DiagramView } from './view.js'

interface Services {
  canvas: Canvas
  elementRegistry: ElementRegistry
  eventBus: EventBus
  tmBadges: Badges
  tmBands: Bands
  tmPaints: Paints
  tmTravellers: Travellers
}

export interface DrawingListener {
  /** Undefined: the empty canvas was clicked. */
  selected(element: string | undefined): void
  hovered(element: string | undefined): void
}

/** Room around the drawing for badges that reach beyond it, and below for the legend and the bpmn.io mark. */
const room = { top: 34, right: 40, bottom: 60, left: 32 }
const maxFitScale = 1.2
/** Seen from further away, marks are signs without numbers, or they would cover each other. */
const farScale = 0.5
const zoomFactor = 1.25

/**
 * One BPMN drawing on a canvas. It takes the wanted view and touches only what differs from what is on screen, at most once per frame.
 */
export class Drawing {
  readonly #viewer: NavigatedViewer<Services>
  readonly #watch: ResizeObserver
  #shown = emptyView
  #wanted = emptyView
  #frame: number | undefined
  #emphasis: { selected?: string | undefined; hovered?: string | undefined } = {}
  /** The person has zoomed or moved: from then on a change of size keeps what they look at. */
  #steered = false
  #fitting = false

  constructor(container: HTMLElement, listener: DrawingListener) {
    this.#viewer = new NavigatedViewer<Services>({
      container,
      bpmnRenderer: {
        defaultFillColor: 'var(--drawing-element-fill, var(--drawing-fill))',
        defaultStrokeColor: 'var(--drawing-element-stroke, var(--drawing-stroke))',
        defaultLabelColor: 'var(--drawing-ink)',
      },
      // What files are drawn for. Not "inherit": labels are measured outside of the canvas before they are broken into lines.
      textRenderer: {
        defaultStyle: { fontFamily: 'Arial, "Liberation Sans", Helvetica, sans-serif', fontSize: 12 },
        externalStyle: { fontSize: 11 },
      },
      additionalModules: [badges, bands, paints, travellers],
    } as ConstructorParameters<typeof NavigatedViewer>[0])
    this.#listen(listener)
    this.#watch = new ResizeObserver(() => this.#resized())
    this.#watch.observe(container)
  }

  /** Draws another file. Throws with a sentence where there is nothing to draw. */
  async open(xml: string): Promise<void> {
    this.#shown = emptyView
    this.#emphasis = {}
    try {
      await this.#viewer.importXML(xml)
    } catch (error) {
      const reason = /no diagram/i.test(String(error)) ? 'This model has no drawing.' : `The drawing cannot be read: ${String(error)}`
      throw new Error(reason, { cause: error })
    }
    for (const shape of this.#service('elementRegistry').filter(isFrame)) this.#service('canvas').addMarker(shape.id, 'tm-frame')
    this.#steered = false
    this.fit()
    this.#schedule()
  }

  show(view: DiagramView): void {
    this.#wanted = view
    this.#schedule()
  }

  emphasise(emphasis: { selected?: string | undefined; hovered?: string | undefined }): void {
    const paints = this.#service('tmPaints')
    paints.emphasise('selected', this.#emphasis.selected, emphasis.selected)
    paints.emphasise('hovered', this.#emphasis.hovered, emphasis.hovered)
    this.#emphasis = emphasis
  }

  move(moves: readonly Move[]): void {
    this.#service('tmTravellers').move(moves)
  }

  /** The whole drawing with room around it, but small drawings are not blown up. */
  fit(): void {
    const canvas = this.#service('canvas')
    const { inner, outer } = canvas.viewbox() as unknown as { inner: Box; outer: Box }
    const free = { width: outer.width - room.left - room.right, height: outer.height - room.top - room.bottom }
    if (free.width <= 0 || free.height <= 0 || inner.width <= 0) return
    const scale = Math.min(maxFitScale, free.width / inner.width, free.height / inner.height)
    const width = outer.width / scale
    const height = outer.height / scale
    this.#fitting = true
    const x = inner.x + inner.width / 2 - (room.left + free.width / 2) / scale
    const y = inner.y + inner.height / 2 - (room.top + free.height / 2) / scale
    canvas.viewbox({ x, y, width, height })
    this.#fitting = false
    this.#steered = false
  }

  zoomIn(): void {
    this.#zoomBy(zoomFactor)
  }

  zoomOut(): void {
    this.#zoomBy(1 / zoomFactor)
  }

  /** Scrolls to the element where it is not in sight, opening the plane of a collapsed sub-process. */
  reveal(id: string): void {
    const element = this.#service('elementRegistry').get(id)
    if (element === undefined) return
    const canvas = this.#service('canvas')
    const root = canvas.findRoot(element as never)
    if (root !== undefined && root !== canvas.getRootElement()) canvas.setRootElement(root)
    canvas.scrollToElement(element as never, 80)
  }

  has(id: string): boolean {
    return this.#service('elementRegistry').get(id) !== undefined
  }

  destroy(): void {
    this.#watch.disconnect()
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame)
    this.#viewer.destroy()
  }

  #schedule(): void {
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = undefined
      this.#apply()
    })
  }

  #apply(): void {
    const changes = diffViews(this.#shown, this.#wanted)
    this.#shown = this.#wanted
    const paints = this.#service('tmPaints')
    for (const { id, before, after } of changes.elements) {
      paints.show(id, before?.paint ?? [], after?.paint ?? [])
      this.#service('tmBadges').show(id, after)
    }
    for (const { id, before, after } of changes.flows) {
      paints.show(id, before?.paint ?? [], after?.paint ?? [])
      this.#service('tmBands').show(id, after)
    }
  }

  #listen(listener: DrawingListener): void {
    const events = this.#service('eventBus')
    events.on('import.parse.complete', ({ definitions }: { definitions?: Definitions }) => prepare(definitions))
    events.on('element.click', ({ element }: { element: Drawn }) => listener.selected(elementOf(element)))
    events.on('element.hover', ({ element }: { element: Drawn }) => listener.hovered(elementOf(element)))
    events.on('element.out', () => listener.hovered(undefined))
    events.on('canvas.viewbox.changed', ({ viewbox }: { viewbox: { scale: number } }) => {
      if (!this.#fitting) this.#steered = true
      this.#service('canvas')
        .getContainer()
        .toggleAttribute('data-far', viewbox.scale < farScale)
    })
  }

  #zoomBy(factor: number): void {
    const canvas = this.#service('canvas')
    canvas.zoom(Math.min(4, Math.max(0.08, canvas.zoom() * factor)))
  }

  #resized(): void {
    this.#service('canvas').resized()
    if (!this.#steered) this.fit()
  }

  #service<K extends keyof Services>(name: K): Services[K] {
    return this.#viewer.get(name) as Services[K]
  }
}

interface Box {
  x: number
  y: number
  width: number
  height: number
}

import type Canvas from 'diagram-js/lib/core/Canvas'
import type ElementRegistry from 'diagram-js/lib/core/ElementRegistry'
import type EventBus from 'diagram-js/lib/core/EventBus'
import type { ConnectionLike } from 'diagram-js/lib/model/Types'
import { chainsOf, type Ends } from './chains.js'
import { Polyline, type Point } from './waypoints.js'

/** Flows that one token took, in order. */
export type Move = readonly string[]

/** More dots than this at once are a swarm that tells nothing and costs frames: what comes beyond is not drawn. */
const maxTravellers = 60
const speedPxPerSecond = 260
const minTravelMs = 450
const maxTravelMs = 1_800
/** Moves of one message come from one commit; drawn a little apart they can be told from each other. */
const spreadMs = 450

interface Traveller {
  dot: SVGCircleElement
  line: Polyline
  startsMs: number
  travelMs: number
}

/** Tokens seen moving. Nothing moves for who asked for less motion, or while the tab is hidden. */
export class Travellers {
  static $inject = ['canvas', 'elementRegistry', 'eventBus']
  #travellers: Traveller[] = []
  #frame: number | undefined
  #lessMotion = window.matchMedia('(prefers-reduced-motion: reduce)')

  constructor(
    readonly canvas: Canvas,
    readonly registry: ElementRegistry,
    eventBus: EventBus,
  ) {
    eventBus.on(['diagram.clear', 'diagram.destroy', 'root.set'], () => this.#clear())
  }

  move(moves: readonly Move[]): void {
    if (this.#lessMotion.matches || document.hidden) return
    const nowMs = performance.now()
    moves.forEach((flows, index) => this.#start(flows, nowMs + (index / moves.length) * spreadMs))
    this.#frame ??= requestAnimationFrame(this.#step)
  }

  #start(flows: Move, startsMs: number): void {
    const started: { startsMs: number; travelMs: number; line: Polyline; lengths: number[] }[] = []
    for (const { flows: way, after } of chainsOf(flows, (flow) => this.#endsOf(flow))) {
      if (this.#travellers.length >= maxTravellers) return
      const pieces = way.map((flow) => this.#pointsOf(flow))
      const line = new Polyline(pieces.flat())
      const travelMs = Math.min(maxTravelMs, Math.max(minTravelMs, (line.length / speedPxPerSecond) * 1000))
      const parent = after === undefined ? undefined : started[after.chain]
      const waitMs = parent === undefined ? 0 : parent.travelMs * Math.min(1, parent.lengths[after!.flows - 1]! / (parent.line.length || 1))
      const traveller = { dot: this.#dot(), line, startsMs: (parent?.startsMs ?? startsMs) + waitMs, travelMs }
      started.push({ ...traveller, lengths: pieces.map((_, index) => new Polyline(pieces.slice(0, index + 1).flat()).length) })
      this.#travellers.push(traveller)
    }
  }

  #dot(): SVGCircleElement {
    const dot = document.createElementNS('http://www.w3.org/2000/svg', 'circle')
    dot.setAttribute('class', 'tm-traveller')
    dot.setAttribute('r', '5')
    dot.style.opacity = '0'
    this.canvas.getLayer('tm-travellers', 20).append(dot)
    return dot
  }

  #step = (nowMs: number): void => {
    this.#travellers = this.#travellers.filter(({ dot, line, startsMs, travelMs }) => {
      const share = (nowMs - startsMs) / travelMs
      if (share >= 1) {
        dot.remove()
        return false
      }
      if (share >= 0) {
        const { x, y } = line.pointAt(eased(share) * line.length)
        dot.setAttribute('transform', `translate(${x} ${y})`)
        dot.style.opacity = String(Math.min(1, share * 8, (1 - share) * 8))
      }
      return true
    })
    this.#frame = this.#travellers.length > 0 ? requestAnimationFrame(this.#step) : undefined
  }

  /** Undefined for flows that are not drawn here: of another version, or inside a collapsed sub-process. */
  #endsOf(flow: string): Ends | undefined {
    const connection = this.registry.get(flow) as Connected | undefined
    if (connection?.waypoints === undefined || this.canvas.findRoot(connection as never) !== this.canvas.getRootElement()) return undefined
    return { from: placeOf(connection.source), to: placeOf(connection.target) }
  }

  #pointsOf(flow: string): Point[] {
    return (this.registry.get(flow) as Connected).waypoints.map(({ x, y }) => ({ x, y }))
  }

  #clear(): void {
    for (const { dot } of this.#travellers) dot.remove()
    this.#travellers = []
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame)
    this.#frame = undefined
  }
}

type Connected = ConnectionLike & { source: Place; target: Place; waypoints: Point[] }

interface Place {
  id: string
  type?: string
  parent?: Place
  host?: Place
  collapsed?: boolean
}

/**
 * Places where a token goes on without taking a flow are one: into a sub-process and its start, out of its end, from an activity to the
 * event on its border. Then the dot crosses the gap in a straight line.
 */
function placeOf(element: Place): string {
  if (element.host !== undefined) return element.host.id
  const inner = /StartEvent|EndEvent/.test(element.type ?? '') && /SubProcess|Transaction/.test(element.parent?.type ?? '')
  return inner ? element.parent!.id : element.id
}

function eased(share: number): number {
  return share < 0.5 ? 2 * share * share : 1 - (2 - 2 * share) ** 2 / 2
}

export default { __init__: ['tmTravellers'], tmTravellers: ['type', Travellers] }

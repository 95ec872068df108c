import type Canvas from 'diagram-js/lib/core/Canvas'
import type ElementRegistry from 'diagram-js/lib/core/ElementRegistry'
import type EventBus from 'diagram-js/lib/core/EventBus'
import type { ConnectionLike } from 'diagram-js/lib/model/Types'
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

  constructor(readonly canvas: Canvas, readonly registry: ElementRegistry, eventBus: EventBus) {
    eventBus.on(['diagram.clear', 'diagram.destroy', 'root.set'], () => this.#clear())
  }

  move(moves: readonly Move[]): void {
    if (this.#lessMotion.matches || document.hidden) return
    const nowMs = performance.now()
    moves.slice(0, maxTravellers - this.#travellers.length).forEach((flows, index, all) => {
      const points = this.#pointsOf(flows)
      if (points.length < 2) return
      const line = new Polyline(points)
      const dot = document.createElementNS('http://www.w3.org/2000/svg', 'circle')
      dot.setAttribute('class', 'tm-traveller')
      dot.setAttribute('r', '5')
      dot.style.opacity = '0'
      this.canvas.getLayer('tm-travellers', 20).append(dot)
      this.#travellers.push({
        dot, line,
        startsMs: nowMs + (index / all.length) * spreadMs,
        travelMs: Math.min(maxTravelMs, Math.max(minTravelMs, (line.length / speedPxPerSecond) * 1000)),
      })
    })
    this.#frame ??= requestAnimationFrame(this.#step)
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

  #pointsOf(flows: Move): Point[] {
    const root = this.canvas.getRootElement()
    return flows.flatMap((id) => {
      const connection = this.registry.get(id) as ConnectionLike | undefined
      if (connection?.waypoints === undefined || this.canvas.findRoot(connection as never) !== root) return []
      return connection.waypoints.map(({ x, y }) => ({ x, y }))
    })
  }

  #clear(): void {
    for (const { dot } of this.#travellers) dot.remove()
    this.#travellers = []
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame)
    this.#frame = undefined
  }
}

function eased(share: number): number {
  return share < 0.5 ? 2 * share * share : 1 - (2 - 2 * share) ** 2 / 2
}

export default { __init__: ['tmTravellers'], tmTravellers: ['type', Travellers] }

export interface Point {
  x: number
  y: number
}

/** A line that can be asked for the point at a distance from its start. */
export class Polyline {
  readonly length: number
  /** Distance of each point from the start. */
  readonly #at: number[] = []

  constructor(readonly points: readonly Point[]) {
    let distance = 0
    points.forEach((point, index) => {
      const before = points[index - 1]
      if (before !== undefined) distance += Math.hypot(point.x - before.x, point.y - before.y)
      this.#at.push(distance)
    })
    this.length = distance
  }

  pointAt(distance: number): Point {
    const next = this.#at.findIndex((at) => at >= distance)
    const to = this.points[next < 0 ? this.points.length - 1 : next]!
    const from = this.points[next - 1]
    if (from === undefined || next < 0) return to
    const share = (distance - this.#at[next - 1]!) / (this.#at[next]! - this.#at[next - 1]! || 1)
    return { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share }
  }

  /** The middle of the longest straight piece, and whether that runs rather down than across: where a label has most room. */
  roomiest(): { middle: Point; upright: boolean; length: number } {
    let best = { middle: this.points[0] ?? { x: 0, y: 0 }, upright: false, length: -1 }
    for (let index = 1; index < this.points.length; index++) {
      const a = this.points[index - 1]!
      const b = this.points[index]!
      const length = Math.hypot(b.x - a.x, b.y - a.y)
      if (length > best.length) {
        best = { middle: { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 }, upright: Math.abs(b.y - a.y) > Math.abs(b.x - a.x), length }
      }
    }
    return best
  }
}

/** As an SVG path. */
export function pathOf(points: readonly Point[]): string {
  return points.map(({ x, y }, index) => `${index === 0 ? 'M' : 'L'}${x} ${y}`).join('')
}

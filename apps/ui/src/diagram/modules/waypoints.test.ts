import { describe, expect, it } from 'vitest'
import { pathOf, Polyline } from './waypoints.js'

const bent = new Polyline([{ x: 0, y: 0 }, { x: 30, y: 0 }, { x: 30, y: 50 }])

describe('the way of a token along a flow', () => {
  it('is as long as its pieces', () => expect(bent.length).toBe(80))

  it('passes its bend at the right distance and stays at its end', () => {
    expect(bent.pointAt(0)).toEqual({ x: 0, y: 0 })
    expect(bent.pointAt(15)).toEqual({ x: 15, y: 0 })
    expect(bent.pointAt(55)).toEqual({ x: 30, y: 25 })
    expect(bent.pointAt(500)).toEqual({ x: 30, y: 50 })
  })

  it('has most room for a label in the middle of its longest piece', () => {
    expect(bent.roomiest()).toEqual({ middle: { x: 30, y: 25 }, upright: true, length: 50 })
  })

  it('does not fail on points that lie on each other', () => {
    expect(new Polyline([{ x: 1, y: 1 }, { x: 1, y: 1 }]).pointAt(0)).toEqual({ x: 1, y: 1 })
  })

  it('is a path for SVG', () => expect(pathOf(bent.points)).toBe('M0 0L30 0L30 50'))
})

import { expect, test } from 'vitest'
import { identityInUnit, unitOf } from './identity.js'

const PREFIX = 8
const placeOf = (key: string, model = 'order') => unitOf(model, key).slice(0, PREFIX)

test('keys that are given out one after the other are neighbours', () => {
  const thousand = Array.from({ length: 1_000 }, (_, index) => `O-${123_000 + index}`)
  expect(new Set(thousand.map((key) => placeOf(key))).size).toBe(1)
  expect(new Set(thousand.map((key) => unitOf('order', key))).size).toBe(1_000)
  expect(placeOf('O-124000')).not.toBe(placeOf('O-123999'))
  expect(placeOf('O-123000', 'parcel')).not.toBe(placeOf('O-123000'))
})

test('identifiers that begin with the time are neighbours for a while', () => {
  expect(placeOf('019a0c11-7f3a-7c41-b1f2-8a64ad1c9f10')).toBe(placeOf('019a0c11-0001-7aaa-9fff-000000000001'))
  expect(placeOf('019a0c12-7f3a-7c41-b1f2-8a64ad1c9f10')).not.toBe(placeOf('019a0c11-7f3a-7c41-b1f2-8a64ad1c9f10'))
  expect(placeOf('01JCW3KQ8ZK7Y2M4N6P8R0T2V4')).toBe(placeOf('01JCW3KQ00AAAAAAAAAAAAAAAA'))
  expect(placeOf('01JCW3KR8ZK7Y2M4N6P8R0T2V4')).not.toBe(placeOf('01JCW3KQ8ZK7Y2M4N6P8R0T2V4'))
})

test('what belongs to a unit stands where it stands, and is told apart by all its parts', () => {
  const of = (...parts: string[]) => identityInUnit(['order', 'O-1', ...parts])
  expect(of('/shop', 'e1').slice(0, PREFIX)).toBe(placeOf('O-1'))
  expect(new Set([unitOf('order', 'O-1'), of('/shop', 'e1'), of('/shop', 'e2'), of('/shop2', 'e1')]).size).toBe(4)
  expect(of('/shop', 'e1')).toMatch(/^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/)
})

test('keys shorter than what is left out, and none at all, have identities too', () => {
  expect(new Set(['', '1', '12', '123'].map((key) => unitOf('order', key))).size).toBe(4)
})

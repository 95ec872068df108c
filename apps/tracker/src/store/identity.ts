/** Identities are hashes of what they stand for, never counters: a rebuild gives the same ones. */
import { hash } from 'node:crypto'

/** 128 bits of SHA-256 over the parts, as a uuid. */
export function identityOf(parts: readonly string[]): string {
  const hex = hash('sha256', parts.join('\u0000'), 'hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`
}

/** All that is folded together: one primary key of one model. */
export function unitOf(model: string, key: string): string {
  return beside(model, key, ['unit', model, key])
}

/** Of what belongs to a unit, an instance or a command. The parts begin with model and key. */
export function identityInUnit(parts: readonly string[]): string {
  const [model = '', key = ''] = parts
  return beside(model, key, parts)
}

const IDENTITY = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/
const PREFIX_DIGITS = 8

/** What an entry calls an instance or a command of this unit. Builds before the first release gave the same identities without a neighbourhood; a log goes back to them. */
export function identityAsNow(model: string, key: string, id: string): string {
  return IDENTITY.test(id) ? prefixOf(model, key) + id.slice(PREFIX_DIGITS) : id
}

/**
 * An identity whose first 32 bits are those of its unit's neighbourhood. Keys that are given out one after the other so stand side by side in each
 * index by identity, and an index that a million rows have been written to is read and written at one place by what is new, not all over.
 */
function beside(model: string, key: string, parts: readonly string[]): string {
  return prefixOf(model, key) + identityOf(parts).slice(PREFIX_DIGITS)
}

function prefixOf(model: string, key: string): string {
  return hash('sha256', `${model}\u0000${neighbourhoodOf(key)}`, 'hex').slice(0, PREFIX_DIGITS)
}

/** UUID and ULID: where these have a sequence at all, it is a time at their beginning. Eight digits are a minute of UUID version 7, a second of ULID. */
const TIME_FIRST = /^(?:[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}|[\da-hjkmnp-tv-z]{26})$/i
const LEADING_DIGITS = 8
/** Of what counts up at its end: a thousand numbers are neighbours. */
const TRAILING_DIGITS = 3

function neighbourhoodOf(key: string): string {
  return TIME_FIRST.test(key) ? key.slice(0, LEADING_DIGITS) : key.slice(0, -TRAILING_DIGITS)
}

/** 96 bits of SHA-1, 16 characters: tells a repetition from what is another. Of a text that is its bytes of UTF-8. */
export function contentHash(content: string | Uint8Array): string {
  return hash('sha1', content, 'base64url').slice(0, 16)
}

/** FNV-1a, 32 bits, over the key's UTF-8: what NATS' `partition` mapping computes. */
export function shardOf(key: string, shards: number): number {
  let state = 0x811c9dc5
  for (const byte of Buffer.from(key, 'utf8')) {
    state ^= byte
    state = Math.imul(state, 0x01000193)
  }
  return (state >>> 0) % shards
}

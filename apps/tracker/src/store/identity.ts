/** Identities are hashes of what they stand for, never counters: a rebuild gives the same ones. */
import { hash } from 'node:crypto'

/** 128 bits of SHA-256 over the parts, as a uuid. */
export function identityOf(parts: readonly string[]): string {
  const hex = hash('sha256', parts.join('\u0000'), 'hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`
}

/** All that is folded together: one primary key of one model. */
export function unitOf(model: string, key: string): string {
  return identityOf(['unit', model, key])
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

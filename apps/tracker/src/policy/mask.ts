/**
 * Takes out of an event what must not be stored. It fails closed: data in which no path can be looked up (text, other bytes) is removed as a whole
 * where a rule has paths in data, unless the rule says `opaque: keep`; JSON inside text or base64 is looked into.
 */
import { createHmac } from 'node:crypto'
import { eachPlace, isParent, type Path } from './paths.js'

export interface Mask {
  readonly path: Path
  readonly action: 'remove' | 'hash' | { readonly replaceWith: string | number | boolean | null }
}

/** Keyed, so that nobody without the key can try out what stands behind it; equal values stay equal. */
export type Hash = (text: string) => string

/** 128 bits are told apart and kept; the name says what stands there. */
export function keyedHash(key: string): Hash {
  return (text) => `hmac:${createHmac('sha256', key).update(text).digest('hex').slice(0, 32)}`
}

/** Changes the parsed event. */
export function applyMasks(event: Record<string, unknown>, masks: readonly Mask[], opaque: 'remove' | 'keep', hash: Hash): void {
  const inData = masks.filter(({ path }) => path[0] === 'data' && path.length > 1)
  for (const mask of masks) if (!inData.includes(mask)) applyToAttribute(event, mask, hash)
  if (inData.length > 0) applyToData(event, inData, opaque, hash)
}

function applyToAttribute(event: Record<string, unknown>, mask: Mask, hash: Hash): void {
  applyOne(event, mask, hash)
  if (mask.path[0] !== 'data' || event['data_base64'] === undefined) return
  // The same data, in its other spelling.
  applyOne(event, { ...mask, path: ['data_base64'] }, hash)
  if (mask.action !== 'remove') {
    event['data'] = event['data_base64']
    delete event['data_base64']
  }
}

function applyToData(event: Record<string, unknown>, masks: readonly Mask[], opaque: 'remove' | 'keep', hash: Hash): void {
  const base64 = event['data_base64']
  if (typeof base64 === 'string') {
    const masked = maskedText(Buffer.from(base64, 'base64').toString(), masks, hash)
    if (masked !== undefined) event['data_base64'] = Buffer.from(masked).toString('base64')
    else if (opaque === 'remove') delete event['data_base64']
    return
  }
  const { data } = event
  if (typeof data === 'string') {
    const masked = maskedText(data, masks, hash)
    if (masked !== undefined) event['data'] = masked
    else if (opaque === 'remove') delete event['data']
  } else if (isParent(data)) {
    for (const mask of masks) applyOne(event, mask, hash)
  }
}

/** JSON in text, masked; undefined where it is none. */
function maskedText(text: string, masks: readonly Mask[], hash: Hash): string | undefined {
  let data: unknown
  try {
    data = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!isParent(data)) return undefined
  const around = { data }
  for (const mask of masks) applyOne(around, mask, hash)
  return JSON.stringify(around.data)
}

function applyOne(event: Record<string, unknown>, { path, action }: Mask, hash: Hash): void {
  eachPlace(event, path, (parent, name) => {
    const value = parent[name]
    if (action === 'hash') parent[name] = hash(typeof value === 'string' ? value : JSON.stringify(value))
    else if (action !== 'remove') parent[name] = action.replaceWith
    // An array keeps its places.
    else if (Array.isArray(parent)) parent[name] = null
    else delete parent[name]
  })
}

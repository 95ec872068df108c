/**
 * Memory for rows on their way to the database, lent and taken back. V8 counts what lies outside of its heap, and marks all of it each time 64 MB have
 * come: rows of some megabytes for each batch, which outlive the young generation, were a quarter of the tracker's processor time that way.
 */

/** Smaller ones Node cuts from a buffer that it shares among them. */
const LEAST_BYTES = Buffer.poolSize >>> 1
/** What lies idle at most: rows and payloads of the batches under way, in sizes that are powers of two. With half of it a third was made anew for each batch. */
const MAX_IDLE_BYTES = 64 * 1024 * 1024

/** By their size, a power of two. */
const idle = new Map<number, Buffer[]>()
const lent = new WeakMap<ArrayBufferLike, Buffer>()
let idleBytes = 0

/** At least so many bytes, with anything in them. Who does not give them back leaves them to the collector of garbage. */
export function borrow(bytes: number): Buffer {
  if (bytes < LEAST_BYTES) return Buffer.allocUnsafe(bytes)
  const size = 2 ** Math.ceil(Math.log2(bytes))
  const known = idle.get(size)?.pop()
  if (known !== undefined) idleBytes -= size
  const memory = known ?? Buffer.allocUnsafeSlow(size)
  lent.set(memory.buffer, memory)
  return memory
}

/** Nobody reads or writes this any more; any part of what was lent stands for all of it. What was not lent, or given back before, is passed over. */
export function giveBack(part: Uint8Array): void {
  const memory = lent.get(part.buffer)
  if (memory === undefined) return
  lent.delete(part.buffer)
  if (idleBytes + memory.length > MAX_IDLE_BYTES) return
  idleBytes += memory.length
  const known = idle.get(memory.length)
  if (known === undefined) idle.set(memory.length, [memory])
  else known.push(memory)
}

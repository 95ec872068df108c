/**
 * What a snapshot says of itself: of which log, where its shards stand, how its tables looked, and what its files must be like. Written last, so that a
 * directory with a manifest is whole. What was found when it was checked stands in a file of its own beside it.
 */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { TrackerError } from '../../problem.js'

export const MANIFEST_FILE = 'manifest.json'
export const VERDICT_FILE = 'verdict.json'

const Position = z.string().regex(/^\d+$/).transform(BigInt)

const TableFile = z.object({
  name: z.string().regex(/^[a-z_0-9]+$/),
  columns: z.array(z.string().regex(/^[a-z_0-9]+$/)).min(1),
  rows: z.number().int(),
  /** Of the rows, in whatever order: see digest.ts. */
  digest: z.string(),
  file: z.string().regex(/^[a-z_0-9]+\.copy\.gz$/),
  /** Of the file, compressed. */
  bytes: z.number().int(),
  sha256: z.string(),
})
export type TableFile = z.infer<typeof TableFile>

const Manifest = z.object({
  format: z.literal(1),
  name: z.string(),
  /** Machine time, epoch milliseconds. */
  createdAt: z.number(),
  /** Version of the program that had folded it. */
  program: z.string(),
  /** The log's identity. */
  log: z.string(),
  /** Every shard has followed the log up to here at least; one of them no further. */
  position: Position,
  /** Each as it stood: several trackers bring them to different places. `checksum`: of the entry there. */
  shards: z.array(z.object({ id: z.number().int(), position: Position, clock: z.number(), checksum: z.string() })).min(1),
  /** Steps of the schema that its tables had taken, in their order. */
  steps: z.array(z.string()),
  tables: z.array(TableFile),
})
export type Manifest = z.infer<typeof Manifest>

const Verdict = z.object({
  /** The manifest that it speaks of, by its checksum. */
  manifest: z.string(),
  /**
   * `restored`: its files give every row back. `folded`: besides, the log gives the same state from `against` on, which is an older snapshot, or the
   * log's beginning. `differs`: it gives another.
   */
  found: z.enum(['restored', 'folded', 'differs']),
  against: z.string().optional(),
  /** Why it was only restored, or what differs. */
  remarks: z.array(z.string()),
  /** Machine time, epoch milliseconds. */
  at: z.number(),
})
export type Verdict = z.infer<typeof Verdict>

/** The text of its file; the checksum in it is of the text before it. */
export function textOfManifest(manifest: Manifest): string {
  const text = JSON.stringify(manifest, (_name, part: unknown) => (typeof part === 'bigint' ? String(part) : part), 1)
  return `${text}\n${checksumOfText(text)}\n`
}

/** Throws `snapshotDamaged`; `snapshotNewer` where it was written in a way that this program does not know. */
export function readManifest(text: string, name: string): { readonly manifest: Manifest; readonly checksum: string } {
  const end = text.lastIndexOf('\n', text.length - 2)
  const [json, checksum] = [text.slice(0, end), text.slice(end + 1).trim()]
  if (end < 0 || checksumOfText(json) !== checksum) throw damaged(name, `${MANIFEST_FILE} is not as it was written`)
  const value: unknown = JSON.parse(json)
  const parsed = Manifest.safeParse(value)
  if (!parsed.success) throw newer(name, 'its format')
  if (parsed.data.name !== name) throw damaged(name, `its manifest is that of ${parsed.data.name}`)
  return { manifest: parsed.data, checksum }
}

/** Undefined where nothing was found yet, or what was found is of another manifest. */
export function readVerdict(text: string, checksum: string): Verdict | undefined {
  try {
    const verdict = Verdict.parse(JSON.parse(text))
    return verdict.manifest === checksum ? verdict : undefined
  } catch {
    return undefined
  }
}

export function damaged(name: string, what: string, cause?: unknown): TrackerError {
  return new TrackerError('snapshotDamaged', 409, `The snapshot ${name} is damaged: ${what}. Nothing is taken from it; use an older one, and delete this one.`, undefined, cause === undefined ? {} : { cause })
}

export function newer(name: string, what: string): TrackerError {
  return new TrackerError('snapshotNewer', 409, `The snapshot ${name} was made by a newer version of Tidemark (${what} is not known to this one). Use that version, or an older snapshot.`)
}

function checksumOfText(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

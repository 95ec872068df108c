/**
 * Snapshots on disk: a directory each, with a compressed file per table (COPY's text format), the manifest, and what was found when it was checked.
 * A directory gets its name when all of it is on disk. Nothing of a snapshot is changed afterwards but the verdict, which is replaced as a whole.
 */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { copyFile, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import { TrackerError } from '../../problem.js'
import { damaged, MANIFEST_FILE, readManifest, readVerdict, textOfManifest, VERDICT_FILE, type Manifest, type TableFile, type Verdict } from './manifest.js'

/** Lines that are handed to the database at a time. */
const CHUNK_BYTES = 4 * 1024 * 1024
const NAME = /^snapshot-\d+$/
const UNFINISHED = '.unfinished'

export interface Snapshot {
  readonly name: string
  readonly path: string
  readonly manifest: Manifest
  /** Of the manifest. */
  readonly checksum: string
  /** Undefined where it was not checked yet. */
  readonly verdict: Verdict | undefined
}

export function nameOf(position: bigint): string {
  return `snapshot-${position}`
}

/** Newest first. What cannot be read is handed over by its error. */
export async function listSnapshots(dir: string): Promise<readonly (Snapshot | { readonly name: string; readonly error: TrackerError })[]> {
  const names = (await namesIn(dir)).filter((name) => NAME.test(name)).toSorted((a, b) => (positionIn(a) < positionIn(b) ? 1 : -1))
  return Promise.all(names.map(async (name) => readSnapshot(dir, name).catch((error: unknown) => {
    if (error instanceof TrackerError) return { name, error }
    throw error
  })))
}

/** Throws `snapshotNotFound`, `snapshotDamaged` or `snapshotNewer`. Its tables are not read: see {@link checkFiles}. */
export async function readSnapshot(dir: string, name: string): Promise<Snapshot> {
  const path = join(dir, name)
  const text = NAME.test(name) ? await textIn(path, MANIFEST_FILE) : undefined
  if (text === undefined) {
    if (NAME.test(name) && (await namesIn(dir)).includes(name)) throw damaged(name, `${MANIFEST_FILE} is missing`)
    throw new TrackerError('snapshotNotFound', 404, `There is no snapshot ${name} in ${dir}. \`tidemark snapshot list\` says which there are.`)
  }
  const { manifest, checksum } = readManifest(text, name)
  const verdict = await textIn(path, VERDICT_FILE)
  return { name, path, manifest, checksum, verdict: verdict === undefined ? undefined : readVerdict(verdict, checksum) }
}

/** Reads every byte. Throws `snapshotDamaged` with the file. */
export async function checkFiles({ name, path, manifest }: Snapshot): Promise<void> {
  for (const table of manifest.tables) {
    const hash = createHash('sha256')
    let bytes = 0
    try {
      for await (const chunk of createReadStream(join(path, table.file)) as AsyncIterable<Buffer>) {
        hash.update(chunk)
        bytes += chunk.length
      }
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      throw damaged(name, `${table.file} ${code === 'ENOENT' ? 'is missing' : `cannot be read (${code ?? 'unknown error'})`}`, error)
    }
    if (bytes !== table.bytes) throw damaged(name, `${table.file} has ${bytes} bytes instead of ${table.bytes}`)
    if (hash.digest('hex') !== table.sha256) throw damaged(name, `${table.file} is not as it was written`)
  }
}

/**
 * Makes one: `write` is handed the directory in which its files are to be. What was left of an attempt before is taken away.
 * @returns what stands on disk from now on, whatever happens to the machine
 */
export async function makeSnapshot(dir: string, write: (path: string) => Promise<Manifest>): Promise<Snapshot> {
  await mkdir(dir, { recursive: true })
  for (const name of await namesIn(dir)) if (name.endsWith(UNFINISHED)) await rm(join(dir, name), { recursive: true, force: true })
  const unfinished = join(dir, `new${UNFINISHED}`)
  await mkdir(unfinished)
  const manifest = await write(unfinished)
  await writeSynced(unfinished, MANIFEST_FILE, textOfManifest(manifest))
  await syncDirectory(unfinished)
  const path = join(dir, manifest.name)
  // One of the same position that was there could not be read.
  await rm(path, { recursive: true, force: true })
  await rename(unfinished, path)
  await syncDirectory(dir)
  await syncDirectory(dirname(dir))
  return readSnapshot(dir, manifest.name)
}

/** A copy in another directory, every byte of it read again; on disk when it resolves. Throws `snapshotDamaged` where the original is. */
export async function copySnapshot(snapshot: Snapshot, dir: string): Promise<void> {
  const { name, path, manifest } = snapshot
  const unfinished = join(dir, `${name}${UNFINISHED}`)
  await rm(unfinished, { recursive: true, force: true })
  await mkdir(unfinished, { recursive: true })
  for (const file of [MANIFEST_FILE, ...(snapshot.verdict === undefined ? [] : [VERDICT_FILE]), ...manifest.tables.map((table) => table.file)]) {
    await copyFile(join(path, file), join(unfinished, file)).catch((error: unknown) => {
      throw damaged(name, `${file} cannot be copied`, error)
    })
    const copy = await open(join(unfinished, file), 'r+')
    await copy.sync().finally(() => copy.close())
  }
  await checkFiles({ ...snapshot, path: unfinished })
  await syncDirectory(unfinished)
  await rename(unfinished, join(dir, name))
  await syncDirectory(dir)
}

export async function keepVerdict({ path, checksum }: Snapshot, verdict: Omit<Verdict, 'manifest'>): Promise<void> {
  await writeSynced(path, `${VERDICT_FILE}.new`, `${JSON.stringify({ manifest: checksum, ...verdict }, null, 1)}\n`)
  await rename(join(path, `${VERDICT_FILE}.new`), join(path, VERDICT_FILE))
  await syncDirectory(path)
}

/** By its other name first: what is left of one that was cut off is no snapshot. */
export async function deleteSnapshot(dir: string, name: string): Promise<void> {
  if (!NAME.test(name) || !(await namesIn(dir)).includes(name)) throw new TrackerError('snapshotNotFound', 404, `There is no snapshot ${name} in ${dir}.`)
  const gone = join(dir, `${name}${UNFINISHED}`)
  await rm(gone, { recursive: true, force: true })
  await rename(join(dir, name), gone)
  await rm(gone, { recursive: true, force: true })
}

/** A table's rows, compressed, on disk when it resolves. */
export async function writeRows(path: string, portions: AsyncIterable<Buffer>): Promise<Pick<TableFile, 'bytes' | 'sha256'>> {
  const file = await open(path, 'wx')
  const hash = createHash('sha256')
  let bytes = 0
  try {
    // The quickest level: a third more bytes than by the usual one, for a fifth of its time.
    await pipeline(portions, createGzip({ level: 1 }), async (compressed: AsyncIterable<Buffer>) => {
      for await (const chunk of compressed) {
        hash.update(chunk)
        bytes += chunk.length
        await file.write(chunk)
      }
    })
    await file.sync()
  } finally {
    await file.close()
  }
  return { bytes, sha256: hash.digest('hex') }
}

/** A table's rows as they stand in the file, whole lines, some megabytes at a time. */
export async function* readRows({ name, path }: Pick<Snapshot, 'name' | 'path'>, { file }: Pick<TableFile, 'file'>): AsyncGenerator<Buffer> {
  const unpacked = createReadStream(join(path, file)).on('error', (error) => unpacked.destroy(error)).pipe(createGunzip())
  let pieces: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of unpacked as AsyncIterable<Buffer>) {
      const end = bytes + chunk.length >= CHUNK_BYTES ? chunk.lastIndexOf(0x0a) + 1 : 0
      pieces.push(end > 0 ? chunk.subarray(0, end) : chunk)
      bytes += chunk.length
      if (end === 0) continue
      yield Buffer.concat(pieces)
      pieces = [chunk.subarray(end)]
      bytes = chunk.length - end
    }
  } catch (error) {
    throw damaged(name, `${file} cannot be unpacked`, error)
  }
  if (bytes > 0) yield Buffer.concat(pieces)
}

async function writeSynced(dir: string, name: string, text: string): Promise<void> {
  const file = await open(join(dir, name), 'w')
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
}

async function syncDirectory(dir: string): Promise<void> {
  // Windows cannot open a directory for syncing, and needs not.
  if (process.platform === 'win32') return
  const handle = await open(dir, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Compressed bytes of all files. */
export async function sizeOf({ path, manifest }: Snapshot): Promise<number> {
  const sizes = await Promise.all(manifest.tables.map(({ file }) => stat(join(path, file)).then(({ size }) => size, () => 0)))
  return sizes.reduce((sum, size) => sum + size, 0)
}

function positionIn(name: string): bigint {
  return BigInt(name.replace('snapshot-', ''))
}

async function textIn(dir: string, name: string): Promise<string | undefined> {
  return readFile(join(dir, name), 'utf8').catch(missing(undefined))
}

async function namesIn(dir: string): Promise<readonly string[]> {
  return readdir(dir).catch(missing<readonly string[]>([]))
}

function missing<T>(instead: T): (error: NodeJS.ErrnoException) => T {
  return (error) => {
    if (error.code === 'ENOENT') return instead
    throw error
  }
}

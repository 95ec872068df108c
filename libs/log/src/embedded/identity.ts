/** The small files beside the segments, each with its checksum: who this log is, and which readers hold trimming back. */
import { randomBytes, randomUUID } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { LogError } from '../log.js'
import type { Disk } from './disk.js'
import { readWhole, replaceWhole } from './disk.js'
import { saltChecksum } from './frame.js'

export const IDENTITY_FILE = 'log.id'
export const READERS_FILE = 'readers'
const FORMAT = 1

export interface Identity {
  readonly identity: string
  /** Checksum of the salt, which the checksums of all frames begin with. */
  readonly salt: number
}

/** Undefined where the directory holds no log yet. */
export async function readIdentity(disk: Disk, directory: string): Promise<Identity | undefined> {
  const stored = await readChecked(disk, directory, IDENTITY_FILE)
  if (stored === undefined) return undefined
  const { format, identity, salt } = stored as { format: number; identity: string; salt: string }
  if (format !== FORMAT) throw new LogError('invalid', `${directory} was written by another version of this log (format ${format}).`)
  return { identity, salt: saltChecksum(Buffer.from(salt, 'hex')) }
}

export async function createIdentity(disk: Disk, directory: string): Promise<Identity> {
  const salt = randomBytes(16)
  const identity = randomUUID()
  await writeChecked(disk, directory, IDENTITY_FILE, { format: FORMAT, identity, salt: salt.toString('hex') })
  return { identity, salt: saltChecksum(salt) }
}

/** First position that each registered reader still needs. */
export async function readReaders(disk: Disk, directory: string): Promise<Map<string, number>> {
  const stored = await readChecked(disk, directory, READERS_FILE)
  return new Map(Object.entries((stored ?? {}) as Record<string, number>))
}

export async function writeReaders(disk: Disk, directory: string, readers: ReadonlyMap<string, number>): Promise<void> {
  await writeChecked(disk, directory, READERS_FILE, Object.fromEntries(readers))
}

/** Eight hexadecimal digits of CRC-32, a space, JSON, a line feed. */
async function writeChecked(disk: Disk, directory: string, name: string, content: object): Promise<void> {
  const json = `${JSON.stringify(content)}\n`
  await replaceWhole(disk, directory, name, Buffer.from(`${checksum(json)} ${json}`))
}

async function readChecked(disk: Disk, directory: string, name: string): Promise<object | undefined> {
  const bytes = await readWhole(disk, directory, name)
  if (bytes === undefined) return undefined
  const text = bytes.toString('latin1')
  const json = text.slice(9)
  if (text.slice(0, 9) !== `${checksum(json)} `) {
    throw new LogError('corrupt', `${directory}/${name} is damaged: its checksum is wrong. Restore it from a backup.`)
  }
  return JSON.parse(Buffer.from(json, 'latin1').toString()) as object
}

function checksum(latin1: string): string {
  return crc32(Buffer.from(latin1, 'latin1')).toString(16).padStart(8, '0')
}

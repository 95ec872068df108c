/**
 * One writer per directory. The lock is a Unix socket that its owner listens on inside the directory: whoever connects reaches a
 * living owner, and where nobody answers the owner is gone, however it ended. A file with a process id cannot tell that across
 * containers that share a volume.
 *
 * Acquiring (look, remove what is stale, listen) is one step for other processes, because it is done while holding a claim file that
 * only one can create. A claim lives for milliseconds; one that is older than {@link CLAIM_EXPIRES_MS} was left by a crash.
 */
import { randomBytes } from 'node:crypto'
import * as fsp from 'node:fs/promises'
import * as net from 'node:net'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { LogError } from '../log.js'

const SOCKET_NAME = 'lock.sock'
const CLAIM_NAME = 'lock.claim'
const CLAIM_EXPIRES_MS = 10_000
const CLAIM_RETRY_MS = 20
/** How long an owner that is busy may take to answer. */
const ANSWER_MS = 2_000
/** Linux takes 107 bytes in a socket's address, macOS 103. */
const MAX_SOCKET_PATH_BYTES = 100

/** Answers the function that gives the lock back. */
export async function lockDirectory(directory: string): Promise<() => Promise<void>> {
  if (process.platform === 'win32') return listenOn(pipeName(directory), directory)
  const giveClaimBack = await claim(directory)
  try {
    return await withShortPath(directory, async (short) => {
      const socket = path.join(short, SOCKET_NAME)
      if (await isAnswered(socket)) throw lockedError(directory)
      await fsp.rm(path.join(directory, SOCKET_NAME), { force: true })
      return listenOn(socket, directory)
    })
  } finally {
    await giveClaimBack()
  }
}

/** Windows has pipes in the place of sockets. They have names of their own and are gone with their owner. */
function pipeName(directory: string): string {
  return `\\\\.\\pipe\\tidemark-${Buffer.from(path.resolve(directory)).toString('hex').slice(-200)}`
}

async function listenOn(address: string, directory: string): Promise<() => Promise<void>> {
  const server = net.createServer((connection) => connection.destroy())
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(address, resolve)
  }).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'EADDRINUSE') throw lockedError(directory)
    throw new LogError('locked', `${directory} cannot be locked (${cause.message}): the data directory must be on a file system that can `
      + 'hold a Unix socket, such as a local disk.', { cause })
  })
  // The lock alone does not keep a process alive.
  server.unref()
  return async () => {
    await new Promise<void>((resolve) => {
      server.close(() => resolve())
    })
    if (process.platform !== 'win32') await fsp.rm(path.join(directory, SOCKET_NAME), { force: true })
  }
}

function isAnswered(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = net.connect(socket)
    const answer = (is: boolean): void => {
      connection.destroy()
      resolve(is)
    }
    // No answer in time is an owner that is stopped, not one that is gone: its socket still takes connections.
    connection.setTimeout(ANSWER_MS, () => answer(true))
    connection.once('connect', () => answer(true))
    connection.once('error', (error: NodeJS.ErrnoException) => answer(error.code === 'EAGAIN'))
  })
}

/** Takes the right to acquire. Waits for another process that is just doing so. */
async function claim(directory: string): Promise<() => Promise<void>> {
  const name = path.join(directory, CLAIM_NAME)
  for (;;) {
    try {
      await fsp.writeFile(name, `${process.pid}\n`, { flag: 'wx' })
      return () => fsp.rm(name, { force: true })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const claimed = await fsp.stat(name).catch(() => undefined)
    // The file system's own clock on both sides: the machine's may differ from it.
    const ageMs = claimed === undefined ? 0 : (await fileSystemTimeMs(directory)) - claimed.mtimeMs
    if (ageMs > CLAIM_EXPIRES_MS) await fsp.rm(name, { force: true })
    else await delay(CLAIM_RETRY_MS)
  }
}

async function fileSystemTimeMs(directory: string): Promise<number> {
  const name = path.join(directory, `lock.${randomBytes(6).toString('hex')}`)
  await fsp.writeFile(name, '')
  try {
    return (await fsp.stat(name)).mtimeMs
  } finally {
    await fsp.rm(name, { force: true })
  }
}

/** Runs with a way to the directory that is short enough for a socket's address: a symbolic link, where its own path is too long. */
async function withShortPath<T>(directory: string, use: (short: string) => Promise<T>): Promise<T> {
  const full = path.resolve(directory)
  if (Buffer.byteLength(path.join(full, SOCKET_NAME)) <= MAX_SOCKET_PATH_BYTES) return use(full)
  const holder = await fsp.mkdtemp(path.join(tmpdir(), 'tidemark-'))
  const link = path.join(holder, 'd')
  try {
    await fsp.symlink(full, link)
    return await use(link)
  } finally {
    await fsp.rm(link, { force: true })
    await fsp.rmdir(holder)
  }
}

function lockedError(directory: string): LogError {
  return new LogError('locked', `${directory} is in use by another running Tidemark. Stop that one, or choose another data directory.`)
}

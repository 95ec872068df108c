import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import * as net from 'node:net'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { EmbeddedLog } from './embedded-log.js'
import { lockDirectory } from './lock.js'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'tidemark-lock-'))
})
afterEach(async () => {
  await rm(directory, { recursive: true })
})

describe('The lock of a data directory', () => {
  it('keeps a second writer out, naming the directory and what to do', async () => {
    const log = await EmbeddedLog.open(directory)
    await expect(EmbeddedLog.open(directory)).rejects.toMatchObject({
      code: 'locked', message: `${directory} is in use by another running Tidemark. Stop that one, or choose another data directory.`,
    })
    await log.close()
    await (await EmbeddedLog.open(directory)).close()
  })

  it('lets one of many win that try at once', async () => {
    const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => lockDirectory(directory)))
    const won = outcomes.filter((it) => it.status === 'fulfilled')
    expect(won).toHaveLength(1)
    await won[0]!.value()
    expect(await readdir(directory)).toEqual([])
  })

  it('is taken over from an owner that is gone', async () => {
    await leaveStaleSocket(path.join(directory, 'lock.sock'))
    expect(await readdir(directory)).toContain('lock.sock')
    const release = await lockDirectory(directory)
    await expect(lockDirectory(directory)).rejects.toMatchObject({ code: 'locked' })
    await release()
  })

  it('is taken where something else lies in its place', async () => {
    await writeFile(path.join(directory, 'lock.sock'), 'not a socket')
    await (await lockDirectory(directory))()
  })

  it('works where the path is too long for the address of a socket', async () => {
    const deep = path.join(directory, 'd'.repeat(120))
    await mkdir(deep)
    const release = await lockDirectory(deep)
    expect(await readdir(deep)).toEqual(['lock.sock'])
    await expect(lockDirectory(deep)).rejects.toMatchObject({ code: 'locked' })
    await release()
    expect(await readdir(deep)).toEqual([])
  })

  it('is given back where opening fails', async () => {
    await writeFile(path.join(directory, '00000000000000000001.log'), 'no log')
    await expect(EmbeddedLog.open(directory)).rejects.toMatchObject({ code: 'corrupt' })
    await (await lockDirectory(directory))()
  })
})

/** A socket that nobody listens on, as a killed process leaves it: renamed, so that its closing does not remove it. */
async function leaveStaleSocket(socket: string): Promise<void> {
  const { rename } = await import('node:fs/promises')
  const server = net.createServer()
  await new Promise<void>((resolve) => {
    server.listen(`${socket}.live`, resolve)
  })
  await rename(`${socket}.live`, socket)
  await new Promise((resolve) => {
    server.close(resolve)
  })
}

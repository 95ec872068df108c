import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './free-port.js'

export interface NatsServer {
  readonly url: string
  /** What it stores. Hands off while it runs. */
  readonly dir: string
  stop(): Promise<void>
  kill(): Promise<void>
  /** On the same port, with what it had stored. */
  restart(): Promise<void>
}

const START_TIMEOUT_MS = 30_000
const BINARIES = ['/usr/sbin/nats-server', '/usr/bin/nats-server', '/usr/local/bin/nats-server']

/** A server of its own with JetStream; undefined where none is installed. */
export async function startNats(): Promise<NatsServer | undefined> {
  const binary = BINARIES.find((path) => existsSync(path))
  if (binary === undefined) return undefined
  const dir = mkdtempSync(join(tmpdir(), 'tidemark-nats-'))
  const port = await freePort()
  let server: ChildProcess | undefined
  const start = async () => {
    server = spawn(binary, ['-a', '127.0.0.1', '-p', String(port), '-js', '-sd', dir], { stdio: 'ignore' })
    await listens(port)
  }
  const end = async (signal: NodeJS.Signals) => {
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return
    const exited = once(server, 'exit')
    server.kill(signal)
    await exited
  }
  await start()
  return {
    url: `nats://127.0.0.1:${port}`,
    dir,
    restart: start,
    kill: () => end('SIGKILL'),
    async stop() {
      await end('SIGTERM')
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

async function listens(port: number): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS
  for (;;) {
    const socket = connect(port, '127.0.0.1')
    const open = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true))
      socket.once('error', () => resolve(false))
    })
    socket.destroy()
    if (open) return
    if (Date.now() > deadline) throw new Error(`nats-server does not listen on port ${port}`)
    await new Promise((resolve) => setTimeout(resolve, 30))
  }
}

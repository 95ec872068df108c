/** A tracker in a process of its own, from the build, so that it can be killed as machines kill: without a word. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Migration } from '@tidemark/migrations'

const PROGRAM = fileURLToPath(new URL('tracker-process-main.mjs', import.meta.url))
const BUILT = fileURLToPath(new URL('../../apps/tracker/dist/main.js', import.meta.url))
/** Recovery of log and database included, on a machine that does other things as well. */
const START_TIMEOUT_MS = 120_000
/** Of what it complained about, for the message of a failed start. */
const KEPT_CHARACTERS = 4_000

export interface TrackerProcessOptions {
  /** As in .env.example. */
  readonly environment: Readonly<Record<string, string>>
  readonly clockScale: { readonly scale: number; readonly realOrigin: number; readonly domainOrigin: number }
  /** Steps of the schema that this one has beyond those of the build: as a later version does. */
  readonly laterMigrations?: readonly Migration[]
}

export interface TrackerProcess {
  /** Its address, once it answers; undefined when it was killed before. Rejects when it ends by itself. */
  readonly ready: Promise<string | undefined>
  /** SIGKILL, and waits until it is gone. */
  kill(): Promise<void>
  /** Stands still, as a machine that is overloaded does, until it goes on. */
  pause(): void
  goOn(): void
  /** Resolves when it ended, and says whether by itself. */
  readonly ended: Promise<{ readonly byItself: boolean }>
  /** What it complained about. */
  readonly complaints: () => string
}

export function startTracker(options: TrackerProcessOptions): TrackerProcess {
  if (!existsSync(BUILT)) throw new Error('the tracker is not built: run "npm run build:server" first')
  const child = spawn(process.execPath, [PROGRAM, JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env['PATH'] } })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-KEPT_CHARACTERS)))
  let killed = false
  return {
    ready: addressOf(child, () => killed, () => said),
    async kill() {
      killed = true
      if (child.exitCode !== null || child.signalCode !== null) return
      const gone = once(child, 'close')
      child.kill('SIGKILL')
      await gone
    },
    pause: () => void child.kill('SIGSTOP'),
    goOn: () => void child.kill('SIGCONT'),
    ended: once(child, 'close').then(() => ({ byItself: !killed })),
    complaints: () => said,
  }
}

function addressOf(child: ChildProcess, wasKilled: () => boolean, said: () => string): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const patience = setTimeout(() => reject(new Error(`the tracker has not started: ${said()}`)), START_TIMEOUT_MS)
    child.stdout?.on('data', () => {
      const address = /^ready (\S+)$/m.exec(said())?.[1]
      if (address === undefined) return
      clearTimeout(patience)
      resolve(address)
    })
    child.on('close', (code, signal) => {
      clearTimeout(patience)
      if (wasKilled()) resolve(undefined)
      else reject(new Error(`the tracker ended by itself (${code ?? signal}): ${said()}`))
    })
  })
}

/** The built tracker as a process of its own, its memory looked at every second, and its command line. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { freePort } from './postgres.mjs'

const PROGRAM = fileURLToPath(new URL('../../apps/tracker/bin/tidemark.js', import.meta.url))
/** What the README says for a gigabyte, and what the Dockerfile has, both beside a Postgres server. */
const ROOMY = ['--min-semi-space-size=64', '--max-semi-space-size=64']
const SMALL = ['--max-semi-space-size=32']
const READY_MS = 120_000
const LOOK_MS = 1_000

/**
 * @param databaseUrl the embedded database where it is undefined
 * @param memoryMb as TIDEMARK_MEMORY_MB
 */
export async function startTracker({ dataDir, databaseUrl, memoryMb = 1_024, env = {} }) {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const child = spawn(process.execPath, [...(databaseUrl === undefined ? [] : memoryMb < 1_024 ? SMALL : ROOMY), PROGRAM, 'serve', '--port', String(port), '--data', dataDir], {
    stdio: ['ignore', 'ignore', 'pipe'], env: { PATH: process.env.PATH, LOG_LEVEL: 'warn', TIDEMARK_MEMORY_MB: String(memoryMb), ...env, ...(databaseUrl === undefined ? {} : { DATABASE_URL: databaseUrl }) },
  })
  // A bench that ends by a fault of its own leaves no tracker behind.
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text) => (said = (said + text).slice(-4_000)))
  for (const end = Date.now() + READY_MS; ;) {
    if (await fetch(`${url}/health/ready`).then((answer) => answer.ok, () => false)) break
    if (child.exitCode !== null || Date.now() > end) throw new Error(`the tracker does not start: ${said}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  const samples = []
  const timer = setInterval(() => samples.push(memoryOf(child.pid).VmRSS), LOOK_MS)
  return {
    url,
    /** Megabytes, one per second. */
    samples,
    get said() {
      return said
    },
    /** The greatest ever, as the system counted it, in megabytes. */
    peakMb: () => memoryOf(child.pid).VmHWM,
    cpuSeconds: () => cpuOf(child.pid),
    async stop() {
      process.removeListener('exit', kill)
      clearInterval(timer)
      if (child.exitCode !== null) throw new Error(`the tracker has ended by itself: ${said}`)
      const exited = once(child, 'exit')
      child.kill('SIGTERM')
      await exited
    },
  }
}

/** Runs a command of the built program; answers what it printed. */
export async function tidemark(...args) {
  const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM, ...args], { maxBuffer: 64 * 1024 * 1024 })
  return stdout
}

function memoryOf(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const field = (name) => Math.round(Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1] ?? 0) / 1024)
  return { VmRSS: field('VmRSS'), VmHWM: field('VmHWM') }
}

function cpuOf(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

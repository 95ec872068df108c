import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { freePort } from './free-port.js'

export interface PostgresServer {
  readonly url: string
  /** Stops it and removes its directory. */
  stop(): Promise<void>
  /** As a power cut to the process: SIGKILL, children included. */
  kill(): Promise<void>
  /** Starts it again on the same directory and port. */
  restart(): Promise<void>
  /** As administrators make it while others write; absent on a server that is not ours. */
  readonly backup?: {
    take(): Promise<Buffer>
    /** Instead of what is there, which is dropped with every session on it. */
    bring(taken: Buffer): Promise<void>
  }
}

/** How long a server may take to answer on a busy machine. */
const START_TIMEOUT_MS = 60_000
const MAX_BACKUP_BYTES = 1024 ** 3

/**
 * A server of its own with an empty database, or a fresh database on the server that TIDEMARK_TEST_POSTGRES_URL names; undefined where there is
 * neither. `settings` (`name=value`) reach a server of our own only. Postgres does not run as root: there it runs as the user `postgres`.
 */
export async function startPostgres(settings: readonly string[] = []): Promise<PostgresServer | undefined> {
  const given = process.env['TIDEMARK_TEST_POSTGRES_URL']
  if (given !== undefined && given !== '') return databaseOn(given)
  const binaries = findBinaries()
  if (binaries === undefined) return undefined
  const asRoot = process.getuid?.() === 0
  const dir = mkdtempSync(join(tmpdir(), 'tidemark-postgres-'))
  if (asRoot) {
    execFileSync('chown', ['postgres', dir])
    chmodSync(dir, 0o700)
  }
  const command = (name: string, args: string[]): [string, string[]] =>
    asRoot ? ['runuser', ['-u', 'postgres', '--', join(binaries, name), ...args]] : [join(binaries, name), args]
  const run = (name: string, args: string[]) => execFileSync(...command(name, args), { stdio: ['ignore', 'ignore', 'pipe'], cwd: '/' })
  const data = join(dir, 'data')
  run('initdb', ['-D', data, '-U', 'tidemark', '--auth=trust', '--no-sync', '-E', 'UTF8', '--locale=C'])
  const port = await freePort()
  const url = `postgres://tidemark@127.0.0.1:${port}/postgres`
  let server: ChildProcess | undefined
  const start = async () => {
    const [program, args] = command('postgres', ['-D', data, '-p', String(port), '-k', dir, '-c', 'listen_addresses=127.0.0.1', ...settings.flatMap((setting) => ['-c', setting])])
    const end = Date.now() + START_TIMEOUT_MS
    do {
      // After a kill the first try may find shared memory that a dying child still holds, and leave.
      server = spawn(program, args, { stdio: 'ignore', cwd: '/', detached: true })
      if (await answers(url, server)) return
    } while (Date.now() < end)
    throw new Error(`Postgres does not start in ${data}`)
  }
  const signal = async (name: NodeJS.Signals) => {
    if (server?.pid === undefined || server.exitCode !== null || server.signalCode !== null) return
    const exited = once(server, 'exit')
    const descendants = name === 'SIGKILL' ? descendantsOf(server.pid) : []
    // The group is runuser, where we are root, and the postmaster.
    process.kill(-server.pid, name)
    for (const pid of descendants) killIfThere(pid)
    await exited
  }
  await start()
  const asUser = ['-h', dir, '-p', String(port), '-U', 'tidemark']
  const tool = promisify(execFile)
  const take = async () => (await tool(...command('pg_dump', [...asUser, '-Fc', 'postgres']), { cwd: '/', encoding: 'buffer', maxBuffer: MAX_BACKUP_BYTES })).stdout
  const bring = async (taken: Buffer) => {
    const file = join(dir, 'backup')
    writeFileSync(file, taken)
    if (asRoot) execFileSync('chown', ['postgres', file])
    for (const sql of ['drop database postgres with (force)', 'create database postgres template template0']) await tool(...command('psql', [...asUser, '-qc', sql, 'template1']), { cwd: '/' })
    await tool(...command('pg_restore', [...asUser, '-d', 'postgres', file]), { cwd: '/' })
  }
  return {
    url,
    backup: { take, bring },
    restart: start,
    kill: () => signal('SIGKILL'),
    async stop() {
      await signal('SIGINT')
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

function findBinaries(): string | undefined {
  const root = '/usr/lib/postgresql'
  const versions = existsSync(root) ? readdirSync(root).map(Number).filter((version) => version >= 15) : []
  const newest = versions.sort((a, b) => b - a)[0]
  return newest === undefined ? undefined : join(root, String(newest), 'bin')
}

async function databaseOn(serverUrl: string): Promise<PostgresServer> {
  const name = `tidemark_test_${process.pid}_${Math.random().toString(36).slice(2, 8)}`
  const asAdmin = async (sql: string) => {
    const client = new pg.Client({ connectionString: serverUrl })
    await client.connect()
    await client.query(sql)
    await client.end()
  }
  await asAdmin(`create database ${name}`)
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  const notOurs = async () => {
    throw new Error('the server of TIDEMARK_TEST_POSTGRES_URL is not ours to kill or to restart')
  }
  return { url: url.href, kill: notOurs, restart: notOurs, stop: () => asAdmin(`drop database ${name} with (force)`) }
}

/** True once it takes connections, false when the process ended instead. */
async function answers(url: string, server: ChildProcess): Promise<boolean> {
  while (server.exitCode === null && server.signalCode === null) {
    const client = new pg.Client({ connectionString: url })
    client.on('error', () => undefined)
    try {
      await client.connect()
      await client.end()
      return true
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
  return false
}

/** Each backend leads a session of its own, so a signal to the group does not reach it. */
function descendantsOf(pid: number): number[] {
  const path = `/proc/${pid}/task/${pid}/children`
  const children = existsSync(path) ? readFileSync(path, 'utf8').trim().split(' ').filter(Boolean).map(Number) : []
  return children.flatMap((child) => [child, ...descendantsOf(child)])
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It was quicker.
  }
}

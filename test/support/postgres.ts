import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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
}

/** How long a server may take to answer on a busy machine. */
const START_TIMEOUT_MS = 60_000

/**
 * A server of its own with an empty database, or a fresh database on the server that TIDEMARK_TEST_POSTGRES_URL names; undefined where there is
 * neither. Postgres does not run as root: there it runs as the user `postgres`.
 */
export async function startPostgres(): Promise<PostgresServer | undefined> {
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
    const [program, args] = command('postgres', ['-D', data, '-p', String(port), '-k', dir, '-c', 'listen_addresses=127.0.0.1'])
    server = spawn(program, args, { stdio: 'ignore', cwd: '/', detached: true })
    await answers(url)
  }
  const signalAll = async (signal: NodeJS.Signals) => {
    if (server?.pid === undefined || server.exitCode !== null || server.signalCode !== null) return
    const exited = once(server, 'exit')
    // The group: runuser, the postmaster and its children.
    process.kill(-server.pid, signal)
    await exited
  }
  await start()
  return {
    url,
    restart: start,
    kill: () => signalAll('SIGKILL'),
    async stop() {
      await signalAll('SIGINT')
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

async function answers(url: string): Promise<void> {
  const end = Date.now() + START_TIMEOUT_MS
  for (;;) {
    const client = new pg.Client({ connectionString: url })
    client.on('error', () => undefined)
    try {
      await client.connect()
      await client.end()
      return
    } catch (error) {
      if (Date.now() > end) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

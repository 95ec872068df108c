/** A Postgres of one's own for a bench: the server that TIDEMARK_TEST_POSTGRES_URL names, else one started from Debian's binaries; else none. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const BINARIES = '/usr/lib/postgresql'
const START_MS = 60_000
const { Client } = createRequire(new URL('../../apps/tracker/package.json', import.meta.url))('pg')

/**
 * Postgres does not run as root: there it runs as the user `postgres`. Settings are those of a fresh installation, which sync each commit.
 * @param settings others, each as `name=value`; a server that was there has its own
 */
export async function startPostgres(settings = []) {
  const given = process.env.TIDEMARK_TEST_POSTGRES_URL
  if (given) return freshDatabase(given)
  const version = existsSync(BINARIES) ? readdirSync(BINARIES).map(Number).filter((number) => number >= 15).sort((a, b) => b - a)[0] : undefined
  if (version === undefined) return undefined
  const dir = mkdtempSync(join(tmpdir(), 'tidemark-bench-postgres-'))
  const asRoot = process.getuid?.() === 0
  if (asRoot) {
    execFileSync('chown', ['postgres', dir])
    chmodSync(dir, 0o700)
  }
  const command = (name, args) => {
    const program = join(BINARIES, String(version), 'bin', name)
    return asRoot ? ['runuser', ['-u', 'postgres', '--', program, ...args]] : [program, args]
  }
  const data = join(dir, 'data')
  execFileSync(...command('initdb', ['-D', data, '-U', 'tidemark', '--auth=trust', '-E', 'UTF8', '--locale=C']), { stdio: 'ignore', cwd: '/' })
  const port = await freePort()
  const server = spawn(...command('postgres', ['-D', data, '-p', String(port), '-k', dir, '-c', 'listen_addresses=127.0.0.1', ...settings.flatMap((setting) => ['-c', setting])]), { stdio: 'ignore', cwd: '/', detached: true })
  // A bench that ends by a fault of its own leaves no server behind.
  const end = () => {
    try {
      process.kill(-server.pid, 'SIGKILL')
    } catch {
      // It has ended by itself.
    }
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 })
  }
  process.once('exit', end)
  const url = `postgres://tidemark@127.0.0.1:${port}/postgres`
  await answers(url)
  return {
    url,
    /** The server itself, whose children are its connections; absent for a server that was there. */
    postmaster: Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0]),
    /** Of the process that all of the server's are below; absent for a server that was there. */
    pid: server.pid,
    async stop() {
      process.removeListener('exit', end)
      const exited = once(server, 'exit')
      process.kill(-server.pid, 'SIGINT')
      await exited
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

async function freshDatabase(given) {
  const name = `tidemark_bench_${process.pid}`
  const admin = async (sql) => {
    const client = new Client({ connectionString: given })
    await client.connect()
    await client.query(sql)
    await client.end()
  }
  await admin(`create database ${name}`)
  const url = new URL(given)
  url.pathname = `/${name}`
  return { url: url.href, stop: () => admin(`drop database ${name} with (force)`) }
}

export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

async function answers(url) {
  for (const end = Date.now() + START_MS; ;) {
    const client = new Client({ connectionString: url })
    client.on('error', () => undefined)
    try {
      await client.connect()
      await client.end()
      return
    } catch (error) {
      if (Date.now() > end) throw error
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}

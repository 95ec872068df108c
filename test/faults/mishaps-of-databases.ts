/** What others do to the database while a tracker works with it: locks, ended sessions, backups that are brought back, disks that fill up. */
import { cp, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import type { FaultHouse } from './house.js'
import { hasPostgres, type Mishap } from './mishap.js'

/** Whatever a commit writes, what reading it needs, and what leases are kept in. */
const TABLES = ['shard', 'instance', 'token', 'deadline', 'instance_event', 'instance_key', 'command', 'alert', 'member', 'model_version'] as const
/** Ours is not the one that is ended. */
const NEVER_THE_VICTIM = `set deadlock_timeout to '60s'`

export const mishapsOfDatabases: readonly Mishap[] = [
  {
    name: 'somebody locks a table', applies: hasPostgres,
    async happen(house, share) {
      const table = TABLES[Math.floor(share() * TABLES.length)]!
      const mode = share() < 0.5 ? 'access exclusive' : 'share'
      await inSession(house, async (client) => {
        await client.query(`begin; lock table ${table} in ${mode} mode`)
        await pause(500 + share() * 5_500)
        await client.query('rollback')
      })
    },
  },
  {
    // It holds what a commit comes to late, then wants what a commit takes first: one of the two is ended, and it is the tracker's.
    name: 'somebody deadlocks with commits', applies: hasPostgres,
    async happen(house, share) {
      await inSession(house, async (client) => {
        await client.query(NEVER_THE_VICTIM)
        for (let times = 1 + Math.floor(share() * 3); times > 0; times--) {
          await client.query('begin')
          await client.query('select 1 from instance for update')
          await client.query('select 1 from token for update')
          await pause(share() * 400)
          await client.query('select 1 from shard for update')
          await client.query('rollback')
          await pause(share() * 300)
        }
      })
    },
  },
  {
    name: 'the sessions of the tracker are ended, or what they do is', applies: hasPostgres,
    async happen(house, share) {
      await inSession(house, async (client) => {
        for (let times = 1 + Math.floor(share() * 5); times > 0; times--) {
          const end = share() < 0.5 ? 'pg_terminate_backend' : 'pg_cancel_backend'
          await client.query(`select ${end}(pid) from pg_stat_activity where application_name like 'tidemark%' and pid <> pg_backend_pid()`)
          await pause(share() * 400)
        }
      })
    },
  },
  {
    // Made while events come in; what has come since is folded again from the log.
    name: 'the database is lost, and a backup is brought back', applies: ({ postgres }) => postgres?.server.backup !== undefined, weight: 0.7,
    async happen(house, share) {
      const { backup } = house.postgres!.server
      const { steps } = house
      const taken = await backup!.take()
      await pause(share() * 4_000)
      await house.kill()
      await backup!.bring(taken)
      await house.start(steps)
    },
  },
  {
    name: 'the embedded database is an old copy of itself', applies: ({ ground, postgres }) => ground === 'embedded' && postgres === undefined, weight: 0.7,
    async happen(house, share) {
      const [db, copy] = [join(house.dataDir, 'db'), join(house.dataDir, 'db-copy')]
      await house.kill()
      await cp(db, copy, { recursive: true })
      await house.start()
      await house.hasRecovered()
      await pause(share() * 4_000)
      await house.kill()
      await rm(db, { recursive: true })
      await rename(copy, db)
      await house.start()
    },
  },
  {
    name: 'the disk of log and database is full', applies: ({ disk }) => disk !== undefined, weight: 1.5,
    async happen(house, share) {
      await house.disk!.fill()
      await pause(500 + share() * 5_000)
      await house.disk!.makeRoom()
    },
  },
]

/** Past the proxy. */
async function inSession(house: FaultHouse, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: house.postgres!.server.url })
  client.on('error', () => undefined)
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}

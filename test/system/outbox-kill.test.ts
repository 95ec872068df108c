/**
 * A tracker that polls an outbox is killed again and again while services write to it, at moments that a seed chooses. Afterwards its log
 * holds every committed row once, and no other.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EmbeddedLog } from '@tidemark/log'
import pg from 'pg'
import { afterEach, expect, test } from 'vitest'
import { Random } from '../../libs/log/src/testing/random.js'
import { freePort } from '../support/free-port.js'
import { startPostgres } from '../support/postgres.js'
import { skipUnless } from '../support/requires.js'
import { TrackerApi } from '../support/tracker-api.js'
import { startTracker } from '../support/tracker-process.js'

const KILLS = 4
const WRITERS = 4
const SEED = 20
const postgres = await startPostgres()

const open: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

test.skipIf(skipUnless(postgres !== undefined, 'a Postgres server'))(`an outbox is taken whole and once, though its tracker is killed ${KILLS} times (seed ${SEED})`, { timeout: 180_000 }, async () => {
  open.push(() => postgres!.stop())
  const dataDir = await mkdtemp(join(tmpdir(), 'tidemark-outbox-'))
  open.push(() => rm(dataDir, { recursive: true, force: true }))
  const admin = await connect(postgres!.url)
  await admin.query('create database tracker')
  await admin.query(
    'create table outbox (id bigserial primary key, aggregatetype text, aggregateid text, type text, payload jsonb, tx xid8 not null default pg_current_xact_id()); create index on outbox (tx)',
  )
  const ours = new URL(postgres!.url)
  ours.pathname = '/tracker'
  const port = await freePort()
  const place = {
    environment: {
      PORT: String(port), TIDEMARK_DATA: dataDir, DATABASE_URL: ours.href, TIDEMARK_LOG_LEVEL: 'silent', TIDEMARK_SHARDS: '2',
      TIDEMARK_OUTBOX_URL: `shop=${postgres!.url}`, TIDEMARK_OUTBOX_POLL_MS: '20',
    },
    clockScale: { scale: 1, realOrigin: Date.now(), domainOrigin: Date.now() },
  }

  let isWriting = true
  const writers = Array.from({ length: WRITERS }, (_, n) => write(n, () => isWriting))
  const dice = new Random(SEED)
  let tracker = startTracker(place)
  open.push(() => tracker.kill())
  for (let kill = 0; kill < KILLS; kill += 1) {
    const api = new TrackerApi((await tracker.ready)!)
    const { head } = await api.status()
    // A moment in the middle of the stream: so many entries after this life began.
    const enough = BigInt(head) + BigInt(20 + dice.below(400))
    await api.until(`the log holds ${enough} entries`, async () => BigInt((await api.status()).head) >= enough)
    await tracker.kill()
    tracker = startTracker(place)
  }
  isWriting = false
  const written = (await Promise.all(writers)).flat()
  const api = new TrackerApi((await tracker.ready)!)
  await insert(admin, 'the last')
  await api.until('the last row is there', async () => (await api.get<{ items: { subject?: string }[] }>('/events?subject=the%20last')).items.length > 0)
  expect((await api.status()).waysIn).toMatchObject([{ name: 'outbox shop' }])
  await tracker.kill()
  await admin.end()

  const log = await EmbeddedLog.open(join(dataDir, 'log'))
  open.push(() => log.close())
  const taken: string[] = []
  for await (const entries of log.read({ from: 'earliest', kinds: ['event'] })) {
    for (const { payload } of entries) taken.push((JSON.parse(Buffer.from(payload).toString()) as { subject: string }).subject)
  }
  expect(written.length).toBeGreaterThan(KILLS * 20)
  expect(taken.toSorted()).toEqual([...written, 'the last'].toSorted())
})

/** Transactions of one to three rows, some of which are rolled back; answers what was committed. */
async function write(writer: number, goesOn: () => boolean): Promise<string[]> {
  const dice = new Random(SEED * 100 + writer)
  const client = await connect(postgres!.url)
  const committed: string[] = []
  for (let n = 0; goesOn(); n += 1) {
    const keys = Array.from({ length: 1 + dice.below(3) }, (_, row) => `${writer}-${n}-${row}`)
    await client.query('begin')
    for (const key of keys) await insert(client, key)
    const isKept = dice.below(6) > 0
    await client.query(isKept ? 'commit' : 'rollback')
    if (isKept) committed.push(...keys)
    // A service does other things as well.
    await client.query('select pg_sleep($1)', [dice.below(20) / 1_000])
  }
  await client.end()
  return committed
}

function insert(client: pg.Client, key: string): Promise<unknown> {
  return client.query("insert into outbox (aggregatetype, aggregateid, type, payload) values ('order', $1, 'order.placed', '{}')", [key])
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  return client
}

import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startPostgres } from '../../../../../test/support/postgres.js'
import { skipUnless } from '../../../../../test/support/requires.js'
import { TcpProxy } from '../../../../../test/support/tcp-proxy.js'
import { openPostgres } from './open-postgres.js'
import { isTransient } from './transient.js'

const postgres = await startPostgres()

describe.skipIf(skipUnless(postgres !== undefined, 'a Postgres server'))('a Postgres that goes away', () => {
  afterAll(() => postgres?.stop())

  /** A proxy that can swallow everything, as a network that was cut without a word. */
  let swallows = false
  /** Who spoke, one after the other. */
  let turns: ('we' | 'server')[] = []
  let url: string
  const sockets = new Set<Socket>()
  const proxy = createServer((client) => {
    const server = connect(Number(new URL(postgres!.url).port), '127.0.0.1')
    for (const [from, to] of [[client, server], [server, client]] as const) {
      sockets.add(from)
      from.on('data', (chunk: Buffer) => {
        const speaker = from === client ? 'we' : 'server'
        if (turns.at(-1) !== speaker) turns.push(speaker)
        if (!swallows) to.write(chunk)
      })
      from.on('close', () => to.destroy())
      from.on('error', () => to.destroy())
    }
  })
  beforeAll(async () => {
    proxy.listen(0, '127.0.0.1')
    await once(proxy, 'listening')
    const through = new URL(postgres!.url)
    through.port = String((proxy.address() as AddressInfo).port)
    url = through.href
  })
  afterAll(() => {
    for (const socket of sockets) socket.destroy()
    proxy.close()
  })

  test('without a word: statements fail in time as transient, and the pool is well again at once', async () => {
    const database = await openPostgres(url, { queryTimeoutMs: 2_000 })
    await Promise.all(Array.from({ length: 4 }, () => database.query('select pg_sleep(0.05)')))
    swallows = true
    const failed = await Promise.allSettled([database.query('select 1'), database.transaction((tx) => tx.query('select 2')), database.query('select 3')])
    for (const outcome of failed) expect(outcome.status === 'rejected' && isTransient(outcome.reason)).toBe(true)
    swallows = false
    const answers = await Promise.all(Array.from({ length: 6 }, (_, n) => database.query('select $1::int as n', [n])))
    expect(answers.map(([row]) => row)).toEqual([0, 1, 2, 3, 4, 5].map((n) => ({ n })))
    await database.close()
  })

  test('a transaction that goes out at once takes one turn, whatever it does', async () => {
    const database = await openPostgres(url)
    // Its first connections have their first transactions.
    await Promise.all(Array.from({ length: 3 }, () => database.transaction((tx) => tx.query('select 1'), { atOnce: true, byKey: true })))
    await database.query('create table turn (n int)')
    const write = (n: number, atOnce: boolean) => database.transaction((tx) => Promise.all([
      tx.query('insert into turn values ($1)', [n]), tx.copy('copy turn from stdin', Buffer.from(`${n + 1}\n`)), tx.query('update turn set n = n + 10 where n = $1', [n]),
    ]), { atOnce, byKey: true, synchronousCommit: false })
    const turnsOf = async (work: Promise<unknown>) => {
      turns = []
      await work
      return turns
    }
    // The first has its statements parsed, the second finds them.
    expect(await turnsOf(write(1, true))).toEqual(['we', 'server'])
    expect(await turnsOf(write(3, true))).toEqual(['we', 'server'])
    expect((await turnsOf(write(5, false))).length).toBeGreaterThan(2)
    expect(await database.query('select n from turn order by n')).toEqual([2, 4, 6, 11, 13, 15].map((n) => ({ n })))
    await database.close()
  })

  test('what a connection says first is kept on it', async () => {
    const database = await openPostgres(url)
    const names = await database.transaction((tx) => tx.query('select name from pg_prepared_statements'), { atOnce: true, byKey: true })
    expect(names.length).toBeGreaterThan(0)
    await database.close()
  })

  test('a transaction that goes out at once and is cancelled, or whose connection ends, fails with that, and the next one is well', async () => {
    const database = await openPostgres(url)
    const near = await openPostgres(postgres!.url)
    await database.query('create table cut (n int)')
    for (const [end, code] of [['pg_cancel_backend', '57014'], ['pg_terminate_backend', '57P01']]) {
      const cut = database.transaction((tx) => Promise.all([tx.query('insert into cut values (1)'), tx.query('select pg_sleep(30)'), tx.query('insert into cut values (2)')]), { atOnce: true, byKey: true })
      cut.catch(() => undefined)
      while ((await near.query(`select ${end}(pid) from pg_stat_activity where query like 'select pg_sleep(30)%' and state = 'active'`)).length === 0);
      await expect(cut).rejects.toMatchObject({ code })
      await database.transaction((tx) => tx.query('insert into cut values (3)'), { atOnce: true, byKey: true })
      expect(await database.query('delete from cut returning n')).toEqual([{ n: 3 }])
    }
    await Promise.all([database.close(), near.close()])
  })

  test('a server that waits for the rest of what we say asks whether we are still there', async () => {
    const database = await openPostgres(url)
    expect(await database.query(`select current_setting('tcp_keepalives_idle') as idle, current_setting('tcp_keepalives_interval') as interval`)).toEqual([{ idle: '10', interval: '5' }])
    expect(await database.query(`select current_setting('tcp_user_timeout') as most`)).toEqual([{ most: '25000' }])
    await database.close()
  })

  test('with a kill: what ran fails as transient, and after the restart the same pool goes on', async () => {
    const database = await openPostgres(postgres!.url)
    const running = database.query('select pg_sleep(30)').catch((error: unknown) => error)
    await database.query('select 1')
    await postgres!.kill()
    expect(isTransient(await running)).toBe(true)
    expect(await database.query('select 1').then(() => false, isTransient)).toBe(true)
    await postgres!.restart()
    expect(await database.query('select 1 as one')).toEqual([{ one: 1 }])
    await database.close()
  })

  test('by a router that forgets its connections: in seconds what waited fails as transient, lets go of its locks, and the pool is well; long work goes on', async () => {
    const router = await TcpProxy.open(Number(new URL(postgres!.url).port))
    const through = new URL(postgres!.url)
    through.port = String(router.port)
    const database = await openPostgres(through.href)
    const near = await openPostgres(postgres!.url)
    await near.query('create table held (n int)')
    await Promise.all(Array.from({ length: 4 }, () => database.query('select pg_sleep(0.05)')))
    const began = performance.now()
    const longWork = near.query(`select pg_sleep(9), 'done' as outcome`)
    const lost = database.transaction(async (tx) => {
      await tx.query('lock table held')
      router.strand()
      await tx.query('insert into held values (1)')
    }).catch((error: unknown) => error)
    expect(isTransient(await lost)).toBe(true)
    // Nobody holds the table any more, and no connection of before is used.
    await database.transaction((tx) => tx.query('insert into held values (2)'))
    expect(await Promise.all(Array.from({ length: 4 }, () => database.query('select n from held')))).toEqual(Array.from({ length: 4 }, () => [{ n: 2 }]))
    expect(performance.now() - began).toBeLessThan(30_000)
    expect(await longWork).toMatchObject([{ outcome: 'done' }])
    await Promise.all([database.close(), near.close(), router.close()])
  }, 60_000)
})

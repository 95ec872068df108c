/** A log that comes back without its end, or with another one: what was folded is not what it says now, and nothing is followed until a person has looked. */
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { JetStreamLog } from '@tidemark/log/jetstream'
import { MemoryLog, type Entry } from '@tidemark/log'
import { afterAll, describe, expect, test } from 'vitest'
import type { Settings } from '../../apps/tracker/src/config.js'
import { assertSameLog, checksumOf } from '../../apps/tracker/src/store/log-position.js'
import { startApp, type TestApp } from '../support/app.js'
import { startNats } from '../support/nats.js'
import { startPostgres } from '../support/postgres.js'
import { skipUnless } from '../support/requires.js'
import { BY_ORDER, cloudEvent, xmlOf } from '../support/small-process.js'
import { TrackerApi } from '../support/tracker-api.js'

const STEPS = ['placed', 'dispatched']
const TIMEOUT_MS = 120_000

describe('a stored position', () => {
  const draft = (body: string) => ({ kind: 'event' as const, subject: 'event.x', payload: Buffer.from(body) })
  const logOf = async (...bodies: string[]) => {
    const log = new MemoryLog({ clock: () => 1_000 })
    await log.append(bodies.map(draft))
    return log
  }
  const at = async (log: MemoryLog, position: bigint) => {
    const [entry] = await log.lookup([position])
    return { position, checksum: checksumOf(entry as Entry), logIdentity: log.identity }
  }

  test('fits the log that it was read from, also after more was appended', async () => {
    const log = await logOf('a', 'b')
    const stored = [await at(log, 1n), await at(log, 2n), { position: 0n, checksum: '', logIdentity: log.identity }]
    await log.append([draft('c')])
    await expect(assertSameLog(log, stored)).resolves.toBeUndefined()
  })

  test.each([
    ['another log', async (log: MemoryLog) => ({ ...(await at(log, 2n)), logIdentity: 'another' }), 'another log'],
    ['one that ends before it', async (log: MemoryLog) => ({ ...(await at(log, 2n)), position: 3n }), 'the log ends at 2'],
    ['one that gave its position to another entry', async (log: MemoryLog) => ({ ...(await at(log, 2n)), checksum: (await at(log, 1n)).checksum }), 'something else at position 2'],
  ])('is refused by %s', async (_what, stored, said) => {
    const log = await logOf('a', 'b')
    await expect(assertSameLog(log, [await stored(log)])).rejects.toMatchObject({ code: 'logMismatch', detail: expect.stringContaining(said) as string })
  })
})

const nats = await startNats()
const postgres = nats === undefined ? undefined : await startPostgres()

describe.skipIf(skipUnless(nats !== undefined && postgres !== undefined, 'a NATS server and a Postgres server'))('a broker that lost what it had acknowledged', () => {
  const settings = (): Partial<Settings> => ({
    databaseUrl: postgres!.url, natsUrl: nats!.url, jetstream: { url: nats!.url, stream: 'TIDEMARK', subjects: [], sources: [], skipsGaps: false },
  })
  let app: TestApp | undefined
  let copy: string
  const api = () => new TrackerApi(app!.url)
  const order = (name: string) => STEPS.map((type) => cloudEvent({ type, data: { order: name } }))
  afterAll(async () => {
    await app?.stop()
    await nats?.stop()
    await postgres?.stop()
    await rm(copy, { recursive: true, force: true })
  })

  test('stops following while it runs, and everybody can see why', async () => {
    copy = await mkdtemp(join(tmpdir(), 'tidemark-older-'))
    app = await startApp(settings())
    await api().deploy(xmlOf({ id: 'parcels', steps: STEPS }), BY_ORDER)
    await api().send(order('before'))
    await api().settled()
    await nats!.kill()
    await cp(nats!.dir, copy, { recursive: true })
    await nats!.restart()
    await api().until('it is taken', () => api().send(order('after')).then(() => true, () => false))
    await api().settled()
    await nats!.kill()
    await rm(nats!.dir, { recursive: true })
    await cp(copy, nats!.dir, { recursive: true })
    await nats!.restart()
    await api().until('it has stopped', async () => (await api().status()).following.state === 'stopped')
    expect((await api().status()).following.error).toContain('lost its end')
    const ready = await fetch(`${app.url}/health/ready`)
    expect([ready.status, await ready.json()]).toMatchObject([503, { code: 'notReady', detail: expect.stringContaining('lost its end') as string }])
    expect(await (await fetch(`${app.url}/metrics`)).text()).toContain('tidemark_following 0')
    await app.stop()
  }, TIMEOUT_MS)

  test('does not start again on it, neither while it is shorter nor when others have written behind what is left', async () => {
    await expect(startApp(settings())).rejects.toMatchObject({ code: 'logMismatch', detail: expect.stringContaining('missing at its end') as string })
    const log = await JetStreamLog.open({ url: nats!.url })
    for (let n = 0; n < 20; n++) await log.append([{ kind: 'event', subject: 'event.other', payload: Buffer.from(JSON.stringify(cloudEvent({ type: 'other', data: { n } }))) }])
    await log.close()
    await expect(startApp(settings())).rejects.toMatchObject({ code: 'logMismatch', detail: expect.stringContaining('something else at position') as string })
  }, TIMEOUT_MS)
})

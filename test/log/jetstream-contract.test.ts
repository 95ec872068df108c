import { afterAll, describe } from 'vitest'
import type { JetStreamLogOptions } from '@tidemark/log/jetstream'
import { JetStreamLog } from '@tidemark/log/jetstream'
import type { Log } from '@tidemark/log'
import { describeLogContract } from '@tidemark/log/testing'
import { startNats } from '../support/nats.js'
import { skipUnless } from '../support/requires.js'

const nats = await startNats()

describe.skipIf(skipUnless(nats !== undefined, 'a NATS server'))('on a real server', () => {
  const streams = new Map<Log, number>()
  let count = 0

  async function openStream(stream: number, options: Partial<JetStreamLogOptions>): Promise<Log> {
    const log = await JetStreamLog.open({ url: nats!.url, stream: `LOG${stream}`, prefix: `log${stream}`, ...options })
    streams.set(log, stream)
    return log
  }

  afterAll(() => nats?.stop())

  /** Once as it is run, once reading everything from the server. */
  const variants: [string, Partial<JetStreamLogOptions>][] = [['JetStreamLog', {}], ['JetStreamLog without a cache', { tailCacheBytes: 0 }]]

  for (const [name, options] of variants) {
    describeLogContract(name, {
      open: (clock) => openStream(++count, { ...options, ...(clock && { clock }) }),
      reopen: async (log, clock) => {
        await log.close()
        return openStream(streams.get(log)!, { ...options, ...(clock && { clock }) })
      },
      capabilities: { producers: false, exactTrim: false, densePositions: false },
    })
  }
})

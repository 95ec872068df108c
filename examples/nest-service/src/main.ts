import 'reflect-metadata'
import { NestFactory } from '@nestjs/core'
import { EmbeddedLog, type Log } from '@tidemark/log'
import { JetStreamLog } from '@tidemark/log/jetstream'
import { LogServer } from '@tidemark/log/nest'
import { AppModule } from './app.module.js'

const USAGE = `node examples/nest-service/dist/main.js nats://127.0.0.1:4222 [http://127.0.0.1:3000]
  follows the log in that NATS server and emits into it, or to the tracker where its address is given
node examples/nest-service/dist/main.js ./some-directory
  the same with a log of its own in files`

/** Follows the log at this address, or in this directory. */
async function main(where: string, tracker: string | undefined): Promise<void> {
  const log: Log = where.startsWith('nats://') || where.startsWith('tls://') ? await JetStreamLog.open({ url: where }) : await EmbeddedLog.open(where)
  const app = await NestFactory.createMicroservice(AppModule.on(tracker === undefined ? log : { url: tracker }), {
    strategy: new LogServer({ log, consumer: 'invoicing' }),
  })
  await app.listen()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void app.close().then(() => log.close()))
}

const [where, tracker] = process.argv.slice(2)
if (where === undefined) {
  process.stderr.write(`${USAGE}\n`)
  process.exitCode = 2
} else await main(where, tracker)

import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { Shop } from '@tidemark/example-order-fulfilment'
import { EmbeddedLog } from '@tidemark/log'
import { type Command, InvalidArgumentError } from 'commander'
import { systemClock } from '../clock.js'
import { readSettings, type Settings } from '../config.js'
import { createApp, type RunningApp } from '../main.js'
import { banner } from './banner.js'
import { TrackerClient } from './client.js'
import { finish, note, print } from './output.js'
import { startingUp } from './serve.js'
import { stopSignal } from './stop-signal.js'

export interface DemoOptions {
  readonly port?: number
  readonly data?: string
  /** Seconds. */
  readonly duration?: number
  readonly idle?: boolean
}

const DEFAULT_PORT = 3000
const HOST = '127.0.0.1'
/** A day is a second. */
const SCALE = 86_400
/** So that the demo's clock stays in the past, or close to it, while somebody looks. */
const BEGINS_BEFORE_NOW_MS = 120 * 86_400_000

export function register(program: Command): void {
  program
    .command('demo')
    .description('run the service with a small shop whose orders it follows; a day is a second')
    .option('--port <port>', `where it answers (default: ${DEFAULT_PORT}, or a free one)`, wholeNumber)
    .option('--data <directory>', 'keep what happens here (default: a temporary directory that is removed at the end)')
    .option('--duration <seconds>', 'stop by itself after so many seconds', wholeNumber)
    .option('--idle', 'open no shop until the first page asks for it')
    .action((options: DemoOptions) => finish(() => startingUp(() => demo(options))))
}

async function demo(options: DemoOptions): Promise<0> {
  const stop = stopSignal()
  const dataDir = options.data ?? (await mkdtemp(join(tmpdir(), 'tidemark-demo-')))
  const running: { app?: RunningApp; shop?: Promise<Shop> } = {}
  try {
    const port = options.port ?? ((await isFree(DEFAULT_PORT)) ? DEFAULT_PORT : 0)
    const commandPort = await freePort()
    const settings = demoSettings({ dataDir, port, commandPort, domainOrigin: await domainOrigin(dataDir) })
    const openShop = () => (running.shop ??= deployAndOpenShop(running.app!.url, settings, commandPort))
    const app = (running.app = await createApp(settings, { startDemo: async () => void (await openShop()) }))
    if (options.port === undefined && port === 0) note(`Port ${DEFAULT_PORT} is in use, so the demo has taken a free one.`)
    if (options.idle !== true) await openShop()
    await print(banner(app.url, options))
    await (options.duration === undefined ? stop : Promise.race([stop, setTimeout(options.duration * 1_000, undefined, { ref: true })]))
  } finally {
    await (await running.shop?.catch(() => undefined))?.stop()
    await running.app?.close()
    if (options.data === undefined) await rm(dataDir, { recursive: true, force: true })
  }
  return 0
}

interface DemoPlace {
  readonly dataDir: string
  readonly port: number
  readonly commandPort: number
  readonly domainOrigin: number
}

/** Nothing of the environment gets in: the demo is the same everywhere. */
function demoSettings({ dataDir, port, commandPort, domainOrigin: origin }: DemoPlace): Settings {
  const commands = `http://${HOST}:${commandPort}/commands`
  return {
    ...readSettings({
      PORT: String(port), TIDEMARK_HOST: HOST, TIDEMARK_DATA: dataDir, TIDEMARK_LOG_LEVEL: 'warn',
      TIDEMARK_COMMAND_URLS: `order=${commands}/order,notification=${commands}/notification`,
      TIDEMARK_SIGNING_SECRET: `whsec_${randomBytes(24).toString('base64')}`,
    }),
    clockScale: { scale: SCALE, realOrigin: systemClock().machine(), domainOrigin: origin },
    demo: true,
  }
}

/** A demo that goes on in its old directory goes on at its old time: time never steps back, and nobody was away for years. */
async function domainOrigin(dataDir: string): Promise<number> {
  const start = systemClock().machine() - BEGINS_BEFORE_NOW_MS
  const logDir = join(dataDir, 'log')
  if (!existsSync(logDir)) return start
  const log = await EmbeddedLog.open(logDir, { clock: () => start })
  const { lastAppendTime } = log.stats()
  await log.close()
  return Math.max(start, lastAppendTime)
}

async function deployAndOpenShop(url: string, settings: Settings, commandPort: number): Promise<Shop> {
  const { modelFile, startShop } = await import('@tidemark/example-order-fulfilment')
  const xml = await readFile(modelFile)
  await new TrackerClient({ url }).deploy({ xml, text: () => xml.toString() }, { dryRun: false })
  const { scale, realOrigin, domainOrigin: domainMs } = settings.clockScale!
  return startShop({
    sink: { url: `${url}/api/v1/events` },
    commands: { secret: settings.signingSecret!, port: commandPort, host: HOST },
    clock: { realMs: realOrigin, domainMs, scale },
    seed: String(domainMs),
    log: note,
  })
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, HOST)
  return new Promise((resolve) => {
    server.once('error', () => resolve(false))
    server.once('listening', () => server.close(() => resolve(true)))
  })
}

/** For the shop's commands: their address is a setting, so it must be known before the shop opens. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, HOST)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.')
  return Number(text)
}

import type { ClockOrigin } from './clock.js'
import { demoOrigin } from './clock.js'
import type { ShopOptions } from './shop.js'
import { startShop } from './shop.js'

/**
 * Opens the shop as a process of its own, from the environment; README.md lists the settings. Prints where commands are taken as one line
 * of JSON, then stays until it is told to stop: SIGINT, SIGTERM, or the end of the process that forked it.
 */
const { options, faults } = readEnvironment(process.env)
if (faults.length > 0) {
  console.error(`The shop cannot open:\n${faults.map((fault) => `  ${fault}`).join('\n')}`)
  process.exit(2)
}

const shop = await startShop({ ...options, log: (line) => console.error(line) })
console.log(JSON.stringify({ commandUrls: shop.commandUrls, clock: shop.clock.origin }))

let isStopping = false
const stop = (): void => {
  if (isStopping) return
  isStopping = true
  shop.stop().then(() => process.exit(0), (error: unknown) => {
    console.error(error)
    process.exit(1)
  })
}
for (const signal of ['SIGINT', 'SIGTERM', 'disconnect'] as const) process.on(signal, stop)

function readEnvironment(environment: NodeJS.ProcessEnv): { readonly options: ShopOptions; readonly faults: readonly string[] } {
  const faults: string[] = []
  const text = (name: string): string | undefined => environment[name] === '' ? undefined : environment[name]
  const required = (name: string, what: string): string => {
    const value = text(name)
    if (value === undefined) faults.push(`${name} is missing: ${what}`)
    return value ?? ''
  }
  const number = (name: string, otherwise: number, least: number): number => {
    const value = Number(text(name) ?? otherwise)
    if (!(value >= least)) faults.push(`${name} is not a number of at least ${least}: ${text(name)}`)
    return value
  }
  const demo = demoOrigin()
  const realMs = time('CLOCK_ORIGIN_REAL') ?? demo.realMs
  const clock: ClockOrigin = {
    realMs, domainMs: time('CLOCK_ORIGIN_DOMAIN') ?? demoOrigin(realMs).domainMs, scale: number('CLOCK_SCALE', demo.scale, 0.001),
  }
  const token = text('EVENT_TOKEN')
  const seed = text('SEED')
  const journalFile = text('JOURNAL_FILE')
  const options: ShopOptions = {
    sink: { url: required('EVENT_SINK', 'the URL that takes the events'), ...(token === undefined ? {} : { token }) },
    commands: {
      secret: required('COMMAND_SECRET', 'whsec_ and base64, shared with whoever sends commands'), port: number('COMMAND_PORT', 0, 0),
    },
    clock,
    ordersPerDay: number('ORDERS_PER_DAY', 10, 0),
    ...(seed === undefined ? {} : { seed }),
    ...(journalFile === undefined ? {} : { journalFile }),
  }
  return { options, faults }

  /** Epoch milliseconds or RFC 3339. */
  function time(name: string): number | undefined {
    const value = text(name)
    if (value === undefined) return undefined
    const ms = /^\d+$/.test(value) ? Number(value) : Date.parse(value)
    if (Number.isNaN(ms)) faults.push(`${name} is neither a time nor epoch milliseconds: ${value}`)
    return ms
  }
}

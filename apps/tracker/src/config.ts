import { hasZstd } from '@tidemark/log'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { TrackerError } from './problem.js'

/** The one reader of the environment. */
export interface Settings {
  readonly port: number
  readonly host: string
  /** The data directory. */
  readonly dataDir: string
  /** Absent: the embedded database in the data directory. */
  readonly databaseUrl?: string
  /** Absent: no NATS. */
  readonly natsUrl?: string
  /** Absent: the embedded log in the data directory. */
  readonly jetstream?: JetStreamSettings
  /** Required when the host is not a loopback address. */
  readonly token?: string
  readonly shards: number
  /** Of this process among those that share a log. Absent: the machine's name and the port. */
  readonly memberName?: string
  /** A tracker that does not answer for so long is given up by the others. */
  readonly leaseMs: number
  /** False: events are taken and nothing is followed; another process, or this one later, does that. */
  readonly follows: boolean
  /** Megabytes that the process may take, about, without those of an embedded database. */
  readonly memoryMb: number
  /** Schemas of events, and what of them is not stored. Absent: all is taken as it comes. */
  readonly policyFile?: string
  /** How the files of the embedded log are written; what is there may be either. */
  readonly logCompression: 'none' | 'zstd'
  /** What of the log may go. Absent: nothing, ever. */
  readonly retention?: { readonly maxAgeMs?: number; readonly maxSizeBytes?: number; readonly maxEntries?: number }
  /** Where snapshots of the tables are kept (absent: in the data directory), how many that are right, and how often one is taken (absent: when asked). */
  readonly snapshots: { readonly dir?: string; readonly kept: number; readonly everyMs?: number }
  /** How long instances are kept after they closed, of the domain clock. Absent: for ever. */
  readonly historyKeptMs?: number
  /** Hashes what the policy says. */
  readonly maskKey?: string
  readonly logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'silent'
  /** Where commands go: service name -> URL (TIDEMARK_COMMAND_URLS, `name=url,name=url`). */
  readonly commandUrls: Readonly<Record<string, string>>
  /** Signs commands and webhooks (Standard Webhooks). */
  readonly signingSecret?: string
  /** Alerts are posted here. */
  readonly webhookUrls: readonly string[]
  /** Senders of webhooks that may deliver events: names, `*.` and a name for all below it, `*` for anybody. */
  readonly eventOrigins: readonly string[]
  /** Tables that are polled for events. */
  readonly outboxes: readonly OutboxSettings[]
  /** Rules that make events of spans. Absent: spans are not taken. */
  readonly spanRulesFile?: string
  readonly clockScale?: { readonly scale: number; readonly realOrigin: number; readonly domainOrigin: number }
  /** Serve POST /api/v1/demo. */
  readonly demo: boolean
}

/** The log in a stream of the server at NATS_URL. */
export interface JetStreamSettings {
  readonly url: string
  readonly stream: string
  /** Subjects of others that become events. */
  readonly subjects: readonly string[]
  /** Streams of others that become events. */
  readonly sources: readonly string[]
  /** Absent: one where the stream is made, as many as it has where it is there. */
  readonly replicas?: number
  readonly skipsGaps: boolean
}

/** An outbox table: `columns` says where one is called otherwise than usual. */
export interface OutboxSettings {
  readonly name: string
  readonly url: string
  readonly table: string
  readonly columns: Readonly<Partial<Record<OutboxRole, string>>>
  readonly pollMs: number
}

export const outboxRoles = ['id', 'type', 'aggregatetype', 'aggregateid', 'payload', 'timestamp', 'tracing', 'transaction', 'order'] as const
export type OutboxRole = (typeof outboxRoles)[number]

type Environment = Readonly<Record<string, string | undefined>>

/** These may be given as a file: `<NAME>_FILE` holds its path. */
const SECRETS = ['DATABASE_URL', 'NATS_URL', 'TIDEMARK_TOKEN', 'TIDEMARK_SIGNING_SECRET', 'TIDEMARK_MASK_KEY', 'TIDEMARK_OUTBOX_URL'] as const

/** Short enough to type, long enough that it cannot be guessed online. */
const MIN_TOKEN_CHARACTERS = 16
const MAX_SHARDS = 256
/** Longer, a tracker that died would be missed for too long. */
const MAX_LEASE_SECONDS = 300
const MIN_MEMORY_MB = 512
const MAX_MEMORY_MB = 1_000_000
/** Each has a connection of its own. */
const MAX_OUTBOXES = 32
/** Days, and megabytes: beyond that somebody has mistaken the unit. */
const MAX_RETENTION = 100_000_000
const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000
/** A year, and more than anybody has room for. */
const MAX_SNAPSHOT_HOURS = 8_784
const MAX_SNAPSHOTS_KEPT = 100
/** JetStream's own bound. */
const MAX_REPLICAS = 5

const urlOf = (...schemes: string[]) =>
  z.string().refine((text) => URL.canParse(text) && schemes.includes(new URL(text).protocol.slice(0, -1)), {
    error: `must be a URL that begins with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}`,
  })
const webUrl = urlOf('http', 'https')
const wholeNumber = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d+$/, `must be a whole number between ${min} and ${max}`)
    .transform(Number)
    .refine((value) => value >= min && value <= max, `must be a whole number between ${min} and ${max}`)
const listOf = (text: string) => text.split(',').map((item) => item.trim()).filter((item) => item !== '')

const Variables = z.object({
  PORT: wholeNumber(0, 65_535).default(3000),
  TIDEMARK_HOST: z.string().default('127.0.0.1'),
  TIDEMARK_DATA: z.string().default('./data'),
  DATABASE_URL: urlOf('postgres', 'postgresql').optional(),
  NATS_URL: urlOf('nats', 'tls').optional(),
  TIDEMARK_LOG: z.enum(['embedded', 'jetstream'], 'must be embedded or jetstream').default('embedded'),
  TIDEMARK_STREAM: z.string().regex(/^[A-Za-z0-9_-]{1,100}$/, 'must be letters, digits, - and _').default('TIDEMARK'),
  TIDEMARK_STREAM_SUBJECTS: z.string().default('').transform(listOf),
  TIDEMARK_STREAM_SOURCES: z.string().default('').transform(listOf),
  TIDEMARK_STREAM_REPLICAS: wholeNumber(1, MAX_REPLICAS).optional(),
  TIDEMARK_STREAM_GAPS: z.enum(['stop', 'skip'], 'must be stop or skip').default('stop'),
  TIDEMARK_TOKEN: z.string().min(MIN_TOKEN_CHARACTERS, `must have at least ${MIN_TOKEN_CHARACTERS} characters`).optional(),
  TIDEMARK_SHARDS: wholeNumber(1, MAX_SHARDS).default(8),
  TIDEMARK_MEMBER: z.string().regex(/^[\w.:@-]{1,100}$/, 'must be at most 100 letters, digits and any of . : @ _ -').optional(),
  TIDEMARK_LEASE_SECONDS: wholeNumber(1, MAX_LEASE_SECONDS).default(10),
  TIDEMARK_LOG_COMPRESSION: z.enum(['none', 'zstd'], 'must be none or zstd').default('none'),
  TIDEMARK_LOG_MAX_DAYS: wholeNumber(1, MAX_RETENTION).optional(),
  TIDEMARK_LOG_MAX_MB: wholeNumber(1, MAX_RETENTION).optional(),
  TIDEMARK_LOG_MAX_ENTRIES: wholeNumber(1, Number.MAX_SAFE_INTEGER).optional(),
  TIDEMARK_SNAPSHOT_HOURS: wholeNumber(1, MAX_SNAPSHOT_HOURS).optional(),
  TIDEMARK_SNAPSHOTS_KEPT: wholeNumber(1, MAX_SNAPSHOTS_KEPT).default(2),
  TIDEMARK_SNAPSHOT_DIR: z.string().optional(),
  TIDEMARK_HISTORY_DAYS: wholeNumber(1, MAX_RETENTION).optional(),
  TIDEMARK_MEMORY_MB: wholeNumber(MIN_MEMORY_MB, MAX_MEMORY_MB).default(MIN_MEMORY_MB),
  TIDEMARK_FOLLOW: z.enum(['on', 'off'], 'must be on or off').default('on'),
  TIDEMARK_POLICY: z.string().optional(),
  TIDEMARK_MASK_KEY: z.string().min(MIN_TOKEN_CHARACTERS, `must have at least ${MIN_TOKEN_CHARACTERS} characters`).optional(),
  TIDEMARK_LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'silent'], 'must be one of fatal, error, warn, info, debug, silent')
    .default('info'),
  TIDEMARK_COMMAND_URLS: z.string().default('').transform((text, context) => commandUrls(text, (message) => context.addIssue(message))),
  TIDEMARK_WEBHOOK_URLS: z.string().default('').transform(listOf).pipe(z.array(webUrl)),
  TIDEMARK_OUTBOX_URL: z.string().default('').transform((text, context) => outboxUrls(text, (message) => context.addIssue(message))),
  TIDEMARK_OUTBOX_TABLE: z.string().default('outbox'),
  TIDEMARK_OUTBOX_COLUMNS: z.string().default('').transform((text, context) => outboxColumns(text, (message) => context.addIssue(message))),
  TIDEMARK_OUTBOX_POLL_MS: wholeNumber(20, 3_600_000).default(500),
  TIDEMARK_SPAN_RULES: z.string().optional(),
  TIDEMARK_EVENT_ORIGINS: z
    .string()
    .default('*')
    .transform((text) => listOf(text.toLowerCase()))
    .pipe(z.array(z.string().regex(/^(?:\*|(?:\*\.)?[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)$/, 'must be names such as events.example.com or *.example.com, or *'))),
  TIDEMARK_SIGNING_SECRET: z
    .string()
    .regex(/^(whsec_)?[A-Za-z0-9+/=]{24,}$/, 'must be base64 of at least 18 bytes, with or without whsec_ (openssl rand -base64 24)')
    .optional(),
})

/** Every variable that is read; .env.example lists the same. */
export const settingNames: readonly string[] = Object.keys(Variables.shape)

/** Answers frozen settings, or throws `badConfiguration` with one message that lists everything wrong. */
export function readSettings(env: Environment): Settings {
  const wrong: string[] = []
  const given = withSecretFiles(env, wrong)
  const parsed = Variables.safeParse(given)
  if (!parsed.success) for (const issue of parsed.error.issues) wrong.push(`${issue.path[0]?.toString() ?? ''}: ${issue.message}`)
  const { TIDEMARK_HOST: host, TIDEMARK_TOKEN: token } = given
  if (host !== undefined && !isLoopback(host) && token === undefined) {
    wrong.push(
      `TIDEMARK_HOST: ${host} can be reached from other machines, so TIDEMARK_TOKEN (or TIDEMARK_TOKEN_FILE) must be set too. ` +
        'Without a token Tidemark answers on a loopback address only.',
    )
  }
  if (given['TIDEMARK_LOG'] === 'jetstream' && given['NATS_URL'] === undefined) wrong.push('TIDEMARK_LOG: jetstream needs NATS_URL, which says where the server is')
  const limit = ['TIDEMARK_LOG_MAX_DAYS', 'TIDEMARK_LOG_MAX_MB', 'TIDEMARK_LOG_MAX_ENTRIES'].find((name) => given[name] !== undefined)
  if (limit !== undefined && given['DATABASE_URL'] === undefined && given['TIDEMARK_SNAPSHOT_HOURS'] === undefined) {
    wrong.push(`${limit}: needs DATABASE_URL or TIDEMARK_SNAPSHOT_HOURS, because the embedded database never syncs, and without snapshots is built again from the whole log after a loss of power`)
  }
  if (given['TIDEMARK_LOG_COMPRESSION'] === 'zstd' && !hasZstd) wrong.push(`TIDEMARK_LOG_COMPRESSION: zstd needs Node 22.15 or newer, and this is ${process.version}`)
  if (!parsed.success || wrong.length > 0) throw badConfiguration(wrong)
  const values = parsed.data
  const jetstream = jetstreamOf(values)
  const retention = retentionOf(values)
  return Object.freeze({
    port: values.PORT,
    host: values.TIDEMARK_HOST,
    dataDir: values.TIDEMARK_DATA,
    shards: values.TIDEMARK_SHARDS,
    leaseMs: values.TIDEMARK_LEASE_SECONDS * 1_000,
    follows: values.TIDEMARK_FOLLOW === 'on',
    memoryMb: values.TIDEMARK_MEMORY_MB,
    logCompression: values.TIDEMARK_LOG_COMPRESSION,
    snapshots: snapshotsOf(values),
    logLevel: values.TIDEMARK_LOG_LEVEL,
    commandUrls: values.TIDEMARK_COMMAND_URLS,
    webhookUrls: values.TIDEMARK_WEBHOOK_URLS,
    eventOrigins: values.TIDEMARK_EVENT_ORIGINS,
    demo: false,
    outboxes: Object.entries(values.TIDEMARK_OUTBOX_URL).map(([name, url]) => ({
      name, url, table: values.TIDEMARK_OUTBOX_TABLE, columns: values.TIDEMARK_OUTBOX_COLUMNS, pollMs: values.TIDEMARK_OUTBOX_POLL_MS,
    })),
    ...(values.DATABASE_URL === undefined ? {} : { databaseUrl: values.DATABASE_URL }),
    ...(values.NATS_URL === undefined ? {} : { natsUrl: values.NATS_URL }),
    ...(jetstream === undefined ? {} : { jetstream }),
    ...(values.TIDEMARK_SPAN_RULES === undefined ? {} : { spanRulesFile: values.TIDEMARK_SPAN_RULES }),
    ...(values.TIDEMARK_MEMBER === undefined ? {} : { memberName: values.TIDEMARK_MEMBER }),
    ...(retention === undefined ? {} : { retention }),
    ...(values.TIDEMARK_HISTORY_DAYS === undefined ? {} : { historyKeptMs: values.TIDEMARK_HISTORY_DAYS * DAY_MS }),
    ...(values.TIDEMARK_POLICY === undefined ? {} : { policyFile: values.TIDEMARK_POLICY }),
    ...(values.TIDEMARK_MASK_KEY === undefined ? {} : { maskKey: values.TIDEMARK_MASK_KEY }),
    ...(values.TIDEMARK_TOKEN === undefined ? {} : { token: values.TIDEMARK_TOKEN }),
    ...(values.TIDEMARK_SIGNING_SECRET === undefined ? {} : { signingSecret: values.TIDEMARK_SIGNING_SECRET }),
  })
}

function snapshotsOf({ TIDEMARK_SNAPSHOT_DIR: dir, TIDEMARK_SNAPSHOTS_KEPT: kept, TIDEMARK_SNAPSHOT_HOURS: hours }: z.infer<typeof Variables>): Settings['snapshots'] {
  return Object.freeze({ kept, ...(dir === undefined ? {} : { dir }), ...(hours === undefined ? {} : { everyMs: hours * HOUR_MS }) })
}

/** The directory of snapshots. */
export function snapshotDir({ snapshots, dataDir }: Pick<Settings, 'snapshots' | 'dataDir'>): string {
  return snapshots.dir ?? join(dataDir, 'snapshots')
}

function retentionOf(values: z.infer<typeof Variables>): Settings['retention'] {
  const { TIDEMARK_LOG_MAX_DAYS: days, TIDEMARK_LOG_MAX_MB: megabytes, TIDEMARK_LOG_MAX_ENTRIES: maxEntries } = values
  if ((days ?? megabytes ?? maxEntries) === undefined) return undefined
  return Object.freeze({
    ...(days === undefined ? {} : { maxAgeMs: days * DAY_MS }), ...(megabytes === undefined ? {} : { maxSizeBytes: megabytes * 1024 * 1024 }), ...(maxEntries === undefined ? {} : { maxEntries }),
  })
}

function jetstreamOf(values: z.infer<typeof Variables>): JetStreamSettings | undefined {
  if (values.TIDEMARK_LOG !== 'jetstream' || values.NATS_URL === undefined) return undefined
  return Object.freeze({
    url: values.NATS_URL,
    stream: values.TIDEMARK_STREAM,
    subjects: values.TIDEMARK_STREAM_SUBJECTS,
    sources: values.TIDEMARK_STREAM_SOURCES,
    skipsGaps: values.TIDEMARK_STREAM_GAPS === 'skip',
    ...(values.TIDEMARK_STREAM_REPLICAS === undefined ? {} : { replicas: values.TIDEMARK_STREAM_REPLICAS }),
  })
}

/** The settings of this process: its environment, beneath it a file `.env` in the working directory. `overrides` are what the command line was told. */
export function settingsOfProcess(overrides: Environment = {}): Settings {
  if (existsSync('.env')) process.loadEnvFile('.env')
  return readSettings({ ...process.env, ...overrides })
}

export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '').toLowerCase()
  return bare === 'localhost' || bare === '::1' || /^127(\.\d{1,3}){3}$/.test(bare)
}

function badConfiguration(wrong: readonly string[]): TrackerError {
  return new TrackerError('badConfiguration', 500, `The configuration is wrong:\n${wrong.map((line) => `  - ${line}`).join('\n')}`)
}

/** An empty variable counts as absent: that is how compose files pass what is not set. */
function withSecretFiles(env: Environment, wrong: string[]): Record<string, string> {
  const given: Record<string, string> = {}
  for (const name of settingNames) {
    const value = env[name]
    if (value !== undefined && value !== '') given[name] = value
  }
  for (const name of SECRETS) {
    const path = env[`${name}_FILE`]
    if (path === undefined || path === '') continue
    if (given[name] !== undefined) wrong.push(`${name}: set it or ${name}_FILE, not both`)
    try {
      given[name] = readFileSync(path, 'utf8').trim()
    } catch (error) {
      wrong.push(`${name}_FILE: ${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`)
    }
  }
  return given
}

function commandUrls(text: string, complain: (message: string) => void): Record<string, string> {
  const urls: Record<string, string> = {}
  for (const item of listOf(text)) {
    const [, service, url] = /^([A-Za-z0-9_-]+)=(.+)$/.exec(item) ?? []
    if (service === undefined || url === undefined || !webUrl.safeParse(url).success) {
      complain(`"${item}" must read service=http://host/path`)
      continue
    }
    urls[service] = url
  }
  return urls
}

const postgresUrl = urlOf('postgres', 'postgresql')

/** One URL, whose name is then `outbox`, or `name=url,name=url`. */
function outboxUrls(text: string, complain: (message: string) => void): Record<string, string> {
  const urls: Record<string, string> = {}
  for (const item of listOf(text)) {
    const [, name = 'outbox', url = ''] = /^(?:([A-Za-z0-9_-]{1,60})=)?(.+)$/.exec(item) ?? []
    // Never the item itself: it may hold a password.
    if (!postgresUrl.safeParse(url).success) complain('must be postgres://user:password@host/database, or name=postgres://...,name=postgres://...')
    else if (urls[name] !== undefined) complain(`names "${name}" twice: give each outbox a name of its own`)
    else urls[name] = url
  }
  if (Object.keys(urls).length > MAX_OUTBOXES) complain(`has more than ${MAX_OUTBOXES} outboxes`)
  return urls
}

function outboxColumns(text: string, complain: (message: string) => void): Partial<Record<OutboxRole, string>> {
  const columns: Partial<Record<OutboxRole, string>> = {}
  for (const item of listOf(text)) {
    const [, role, column] = /^(\w+)=(.+)$/.exec(item) ?? []
    const known = outboxRoles.find((one) => one === role)
    if (known === undefined || column === undefined) complain(`"${item}" must read role=column, with a role of ${outboxRoles.join(', ')}`)
    else columns[known] = column
  }
  return columns
}

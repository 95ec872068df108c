/** The stream: made as it must be, or compared with that. What a server drops without a word (older ones do) is noticed by reading it back. */
import type { JetStreamApiError, StreamConfig, StreamInfo } from '@nats-io/jetstream'
import { DiscardPolicy, JetStreamApiCodes, RetentionPolicy, StorageType } from '@nats-io/jetstream'
import { millis, nanos } from '@nats-io/transport-node'
import { LogError } from '../log.js'
import type { Link } from './link.js'

/** How long the server knows a message that is sent again. Longer than a connection takes to come back. */
const DUPLICATE_WINDOW_MS = 120_000
const MIN_DUPLICATE_WINDOW_MS = 10_000
/** "subjects overlap with an existing stream" */
const SUBJECTS_OVERLAP = 10_065
/** "stream name already in use with a different configuration" */
const NAME_IN_USE = 10_058

export interface StreamWish {
  readonly name: string
  /** Of packed messages. */
  readonly subject: string
  /** Subjects of others that the stream takes in. */
  readonly foreignSubjects: readonly string[]
  /** Streams of others whose messages are taken in. */
  readonly sources: readonly string[]
  /** Absent: one where the stream is made, any where it is there. */
  readonly replicas: number | undefined
}

/** Throws LogError invalid, which names each difference. */
export async function ensureStream(link: Link, wish: StreamWish): Promise<StreamInfo> {
  const found = await find(link, wish.name)
  if (found === undefined) {
    await make(link, wish)
  } else {
    const faults = faultsOf(found.config, wish)
    if (faults.length > 0) throw misfit(wish.name, faults)
    await takeInMore(link, found.config, wish)
  }
  const info = await link.jsm.streams.info(wish.name)
  const faults = [...faultsOf(info.config, wish), ...missing(info.config, wish).map((subject) => `the subject ${subject} is missing`)]
  if (faults.length > 0) throw misfit(wish.name, faults)
  return info
}

async function find(link: Link, name: string): Promise<StreamInfo | undefined> {
  try {
    return await link.jsm.streams.info(name)
  } catch (error) {
    if ((error as JetStreamApiError).code === JetStreamApiCodes.StreamNotFound) return undefined
    throw new LogError('unavailable', `The NATS server does not answer for the stream ${name}: ${(error as Error).message}.`, { cause: error })
  }
}

async function make(link: Link, wish: StreamWish): Promise<void> {
  await change(wish, () => link.jsm.streams.add({
    name: wish.name, subjects: [wish.subject, ...wish.foreignSubjects], retention: RetentionPolicy.Limits, storage: StorageType.File,
    // A full disk refuses what is new. Nothing old is ever dropped but by trim().
    discard: DiscardPolicy.New, max_age: 0, max_msgs: -1, max_bytes: -1, max_msgs_per_subject: -1, duplicate_window: nanos(DUPLICATE_WINDOW_MS),
    num_replicas: wish.replicas ?? 1,
    ...(wish.sources.length === 0 ? {} : { sources: wish.sources.map((name) => ({ name })) }),
  }))
}

/** More subjects harm nothing that is there; any other difference is for people to decide. */
async function takeInMore(link: Link, config: StreamConfig, wish: StreamWish): Promise<void> {
  const more = missing(config, wish)
  if (more.length === 0) return
  await change(wish, () => link.jsm.streams.update(wish.name, { ...config, subjects: [...config.subjects, ...more] }))
}

async function change(wish: StreamWish, make: () => Promise<unknown>): Promise<void> {
  try {
    await make()
  } catch (error) {
    const { code, message } = error as JetStreamApiError
    // Of two that start at once the second one finds the stream made, and compares.
    if (code === NAME_IN_USE) return
    throw new LogError('invalid', code === SUBJECTS_OVERLAP
      ? `Another stream holds one of the subjects ${[wish.subject, ...wish.foreignSubjects].join(', ')}: take that stream in as a source instead of its subject.`
      : `The stream ${wish.name} cannot be made: ${message}.`, { cause: error })
  }
}

function missing(config: StreamConfig, wish: StreamWish): string[] {
  const present = new Set(config.subjects ?? [])
  return [wish.subject, ...wish.foreignSubjects].filter((subject) => !present.has(subject))
}

/** In words of the form "x is y, must be z". */
function faultsOf(config: StreamConfig, wish: StreamWish): string[] {
  const faults: string[] = []
  const must = (right: boolean, fault: string): void => {
    if (!right) faults.push(fault)
  }
  must(config.retention === RetentionPolicy.Limits, `retention is ${config.retention}, must be limits`)
  must(config.storage === StorageType.File, `storage is ${config.storage}, must be file`)
  must((config.max_age ?? 0) === 0, `max_age is ${millis(config.max_age) / 1_000} s, must be 0: acknowledged entries would vanish`)
  must(config.max_msgs_per_subject === undefined || config.max_msgs_per_subject <= 0, `max_msgs_per_subject is ${config.max_msgs_per_subject}, must be -1`)
  const limited = (config.max_msgs ?? -1) > 0 || (config.max_bytes ?? -1) > 0
  must(!limited || config.discard === DiscardPolicy.New, 'it has a limit and discard is old, must be new: acknowledged entries would vanish')
  must((config.max_msg_size ?? -1) <= 0, `max_msg_size is ${config.max_msg_size}, must be -1`)
  must(config.sealed !== true, 'it is sealed')
  must(config.no_ack !== true, 'no_ack is set')
  must(config.mirror === undefined, 'it is a mirror, which takes nothing in')
  must(config.allow_rollup_hdrs !== true, 'allow_rollup_hdrs is set: any publisher could erase it')
  const windowMs = millis(config.duplicate_window ?? 0)
  must(windowMs >= MIN_DUPLICATE_WINDOW_MS, `duplicate_window is ${windowMs / 1_000} s, must be ${MIN_DUPLICATE_WINDOW_MS / 1_000} s or more`)
  must(wish.replicas === undefined || config.num_replicas === wish.replicas, `num_replicas is ${config.num_replicas}, ${wish.replicas} is wanted`)
  const sources = new Set((config.sources ?? []).map(({ name }) => name))
  for (const source of wish.sources) must(sources.has(source), `the source ${source} is missing`)
  return faults
}

function misfit(name: string, faults: readonly string[]): LogError {
  return new LogError('invalid', `The stream ${name} is there with another configuration: ${faults.join('; ')}. `
    + 'Nothing was changed. Edit the stream (nats stream edit), or name another one.')
}

/**
 * The oracle: the port of the log over SQLite, which is the log that one would take if ours did not exist. What it must answer is said in SQL, so
 * that it can be wrong in other ways than ours. For tests only: each append is a transaction of its own, nothing is grouped.
 */
import { randomUUID } from 'node:crypto'
import sqlite, { type Database } from 'node-sqlite3-wasm'
import { DraftCheck, kindCodes } from '../draft.js'
import { Head } from '../head.js'
import type { Appended, AppendOptions, Draft, Entry, EntryKind, Log, LogStats, Position, ReadOptions } from '../log.js'
import { LogError } from '../log.js'
import type { ReadPlan } from '../read-plan.js'
import { planRead, trimmed } from '../read-plan.js'

/** Keys are bytes, because its texts end at a NUL. It is not to survive a crash here, so it waits for no disk. */
const SCHEMA = `
  pragma journal_mode = memory;
  pragma synchronous = off;
  create table if not exists entry (
    position integer primary key autoincrement, kind text not null, subject text not null, append_time integer not null, time integer not null,
    key blob not null, payload blob not null
  );
  create index if not exists entry_key on entry (key) where length(key) > 0;
  create table if not exists result (id text, epoch integer, sequence integer, appended text not null, primary key (id, epoch, sequence));
  create table if not exists reader (name text primary key, position integer not null);
  create table if not exists setting (name text primary key, value text not null);`

export class SqliteLog implements Log {
  readonly identity: string
  readonly #db: Database
  readonly #clock: () => number
  readonly #drafts = new DraftCheck()
  readonly #head = new Head()
  #appendTime: number
  #closed = false

  /** A file, or a log that is gone when it is closed. */
  constructor(path: string | undefined, clock: () => number = Date.now) {
    this.#db = new sqlite.Database(path)
    this.#clock = clock
    this.#db.exec(SCHEMA)
    this.#db.run(`insert into setting values ('identity', ?), ('first', '1') on conflict do nothing`, [randomUUID()])
    this.identity = this.#setting('identity')
    this.#appendTime = this.#number('select coalesce(max(append_time), 0) as n from entry')
  }

  async append(drafts: readonly Draft[], options: AppendOptions = {}): Promise<Appended> {
    this.#assertOpen()
    this.#drafts.check(drafts)
    const { producer, expectedLast } = options
    const earlier = producer && this.#earlier(producer)
    if (earlier !== undefined) return earlier
    const last = this.#last()
    if (expectedLast !== undefined && Number(expectedLast) !== last) {
      throw new LogError('wrongExpectedPosition', `The log ends at ${last}.`, { position: BigInt(last) })
    }
    this.#db.exec('begin')
    const appendTime = Math.max(this.#appendTime, drafts.length === 0 ? 0 : Math.floor(this.#clock()))
    this.#appendTime = appendTime
    const positions = drafts.map((draft) => BigInt(this.#insert(draft, appendTime)))
    const accepted = this.#last() - last
    const result: Appended = {
      first: BigInt(accepted > 0 ? last + 1 : last), last: BigInt(last + accepted), accepted, duplicates: drafts.length - accepted, positions, appendTime,
    }
    if (producer !== undefined && drafts.length > 0) {
      this.#db.run('insert into result values (?, ?, ?, ?)', [producer.id, producer.epoch, producer.sequence, toText(result)])
    }
    this.#db.exec('commit')
    if (accepted > 0) this.#head.advanced()
    return result
  }

  /** The position of the draft, or of what it repeats. */
  #insert(draft: Draft, appendTime: number): number {
    const { kind, subject, key = '', payload } = draft
    const original = key === '' ? null : this.#db.get('select position from entry where key = ? and payload = ? and length(key) > 0', [Buffer.from(key), payload])
    if (original !== null) return Number(original['position'])
    this.#db.run(
      'insert into entry (kind, subject, append_time, time, key, payload) values (?, ?, ?, ?, ?, ?)',
      [kind, subject, appendTime, Math.min(draft.time ?? appendTime, appendTime), Buffer.from(key), payload],
    )
    return this.#last()
  }

  #earlier({ id, epoch, sequence }: NonNullable<AppendOptions['producer']>): Appended | undefined {
    const newest = this.#db.get('select epoch, max(sequence) as sequence from result where id = ? group by epoch order by epoch desc limit 1', [id])
    if (newest === null || epoch > Number(newest['epoch'])) return undefined
    if (epoch < Number(newest['epoch'])) throw new LogError('fenced', `Producer ${id} goes on in epoch ${String(newest['epoch'])}.`)
    const known = this.#db.get('select appended from result where id = ? and epoch = ? and sequence = ?', [id, epoch, sequence])
    if (known !== null) return fromText(String(known['appended']))
    if (sequence === Number(newest['sequence']) + 1) return undefined
    throw new LogError('invalid', `Producer ${id} skipped a batch.`)
  }

  read(options: ReadOptions): AsyncIterable<readonly Entry[]> {
    this.#assertOpen()
    const last = this.#last()
    return this.#read(planRead(options, { first: this.#first(), durable: last, assigned: last }))
  }

  async *#read(plan: ReadPlan): AsyncGenerator<readonly Entry[]> {
    let { lowest, highest } = plan
    for (let left = plan.limit; left > 0 && lowest <= highest && plan.signal?.aborted !== true;) {
      this.#assertOpen()
      if (lowest > this.#last()) {
        if (!plan.follow) return
        await this.#head.wait(plan.signal)
        continue
      }
      if (!plan.backwards && lowest < this.#first()) throw trimmed(this.#first())
      // One more look than is delivered where subjects are filtered here; positions say how far it went.
      const rows = this.#select(plan, lowest, Math.min(highest, this.#last()), Math.min(plan.batchSize, left))
      const seen = rows.at(-1)?.position
      const batch = rows.filter(({ subject }) => plan.wanted.subject(subject))
      if (plan.backwards) highest = seen === undefined ? lowest - 1 : Number(seen) - 1
      else lowest = (seen === undefined ? Math.min(highest, this.#last()) : Number(seen)) + 1
      left -= batch.length
      if (batch.length > 0) yield batch
    }
  }

  #select({ wanted, backwards }: ReadPlan, lowest: number, highest: number, limit: number): Entry[] {
    const kinds = Object.entries(kindCodes).flatMap(([kind, code]) => ((wanted.kindMask & (1 << code)) === 0 ? [] : [`'${kind}'`]))
    return this.#db.all(
      `select * from entry where position between ? and ? and append_time between ? and ? and kind in (${kinds.join(', ')})
       order by position ${backwards ? 'desc' : 'asc'} limit ?`,
      [lowest, highest, Math.max(wanted.sinceMs, Number.MIN_SAFE_INTEGER), Math.min(wanted.untilMs, Number.MAX_SAFE_INTEGER), limit],
    ).map(entryOf)
  }

  async lookup(positions: readonly Position[]): Promise<readonly (Entry | undefined)[]> {
    this.#assertOpen()
    return positions.map((position) => {
      const row = this.#db.get('select * from entry where position = ?', [Number(position)])
      return row === null ? undefined : entryOf(row)
    })
  }

  async trim(before: Position, options: { readonly force?: boolean } = {}): Promise<Position> {
    this.#assertOpen()
    const held = options.force === true ? Infinity : this.#number(`select coalesce(min(position), ${Number.MAX_SAFE_INTEGER}) as n from reader`)
    const first = Math.max(this.#first(), Math.min(Number(before), held, this.#last() + 1))
    this.#db.run('delete from entry where position < ?', [first])
    this.#db.run(`update setting set value = ? where name = 'first'`, [String(first)])
    return BigInt(first)
  }

  async registerReader(name: string, position: Position): Promise<void> {
    this.#assertOpen()
    this.#db.run('insert into reader values (?, ?) on conflict (name) do update set position = excluded.position', [name, Number(position)])
  }

  async readerPosition(name: string): Promise<Position | undefined> {
    this.#assertOpen()
    const row = this.#db.get('select position from reader where name = ?', [name])
    return row === undefined || row === null ? undefined : BigInt(row['position'] as number)
  }

  async unregisterReader(name: string): Promise<void> {
    this.#assertOpen()
    this.#db.run('delete from reader where name = ?', [name])
  }

  stats(): LogStats {
    const row = this.#db.get('select count(*) as entries, coalesce(sum(length(payload)), 0) as bytes, coalesce(max(append_time), 0) as time from entry')!
    return {
      first: BigInt(this.#first()), last: BigInt(this.#last()), lastAppendTime: Number(row['time']), entries: Number(row['entries']), sizeBytes: Number(row['bytes']),
      syncs: 0, pendingBytes: 0, recovered: [],
    }
  }

  entriesAfter(position: Position): number {
    return this.#number(`select count(*) as n from entry where position > ${Number(position)}`)
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#head.end(closedError())
    this.#db.close()
  }

  #first(): number {
    return Number(this.#setting('first'))
  }

  #last(): number {
    return this.#number(`select coalesce((select seq from sqlite_sequence where name = 'entry'), 0) as n`)
  }

  #setting(name: string): string {
    return String(this.#db.get('select value from setting where name = ?', [name])!['value'])
  }

  #number(sql: string): number {
    return Number(this.#db.get(sql)!['n'])
  }

  #assertOpen(): void {
    if (this.#closed) throw closedError()
  }
}

function entryOf(row: Record<string, unknown>): Entry {
  return {
    position: BigInt(Number(row['position'])), kind: row['kind'] as EntryKind, subject: String(row['subject']), appendTime: Number(row['append_time']), time: Number(row['time']),
    key: Buffer.from(row['key'] as Uint8Array).toString(), payload: new Uint8Array(row['payload'] as Uint8Array),
  }
}

const POSITIONS = new Set(['first', 'last', 'positions'])

function toText(result: Appended): string {
  return JSON.stringify(result, (_name, value: unknown) => (typeof value === 'bigint' ? String(value) : value))
}

function fromText(text: string): Appended {
  return JSON.parse(text, (name, value: unknown) => {
    if (!POSITIONS.has(name)) return value
    return Array.isArray(value) ? value.map((one) => BigInt(one as string)) : BigInt(value as string)
  }) as Appended
}

function closedError(): LogError {
  return new LogError('closed', 'The log is closed.')
}

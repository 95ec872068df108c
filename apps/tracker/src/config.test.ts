import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { describe, expect, test } from 'vitest'
import { isLoopback, readSettings, settingNames, snapshotDir } from './config.js'
import { roomOf, SMALL_ROOM } from './track/room.js'

const example = readFileSync(new URL('../../../.env.example', import.meta.url), 'utf8')

describe('.env.example', () => {
  const given = parseEnv(example)

  test('lists every setting, and no other', () => {
    expect(Object.keys(given).sort()).toEqual([...settingNames].sort())
  })

  test('gives each its default', () => {
    expect(readSettings(given)).toEqual(readSettings({}))
  })

  test('says why, above each', () => {
    for (const block of example.trim().split('\n\n').slice(1)) expect(block).toMatch(/^# .{20,}\n[A-Z_]+=/)
  })
})

describe('settings', () => {
  test('list everything that is wrong in one message', () => {
    expect(() => readSettings({ PORT: 'http', DATABASE_URL: 'mysql://x', TIDEMARK_SHARDS: '0', TIDEMARK_TOKEN: 'short', TIDEMARK_COMMAND_URLS: 'order' })).toThrow(
      /PORT: .*\n.*DATABASE_URL: .*postgres.*\n.*TIDEMARK_TOKEN: .*\n.*TIDEMARK_SHARDS: .*\n.*TIDEMARK_COMMAND_URLS: .*service=http/,
    )
  })

  test('take a secret from a file, and refuse it twice or unreadable', () => {
    const path = join(mkdtempSync(join(tmpdir(), 'tidemark-secret-')), 'token')
    writeFileSync(path, 'a token of some length\n')
    expect(readSettings({ TIDEMARK_TOKEN_FILE: path }).token).toBe('a token of some length')
    expect(() => readSettings({ TIDEMARK_TOKEN_FILE: path, TIDEMARK_TOKEN: 'another token of some length' })).toThrow(/not both/)
    expect(() => readSettings({ TIDEMARK_TOKEN_FILE: `${path}.absent` })).toThrow(/cannot be read \(ENOENT\)/)
  })

  test('refuse an address that others reach without a token', () => {
    expect(() => readSettings({ TIDEMARK_HOST: '0.0.0.0' })).toThrow(/TIDEMARK_TOKEN/)
    expect(readSettings({ TIDEMARK_HOST: '0.0.0.0', TIDEMARK_TOKEN: 'a token of some length' }).host).toBe('0.0.0.0')
    expect(['127.0.0.1', '127.9.9.9', 'localhost', '::1', '[::1]'].every(isLoopback)).toBe(true)
    expect(['0.0.0.0', '10.0.0.1', '::', 'localhost.example.com', '127.0.0.1.example.com'].some(isLoopback)).toBe(false)
  })

  test('take limits of the log, but not with the embedded database', () => {
    const database = { DATABASE_URL: 'postgres://h/o' }
    expect(readSettings({ ...database, TIDEMARK_LOG_MAX_DAYS: '90', TIDEMARK_LOG_MAX_MB: '10' }).retention).toEqual({ maxAgeMs: 90 * 86_400_000, maxSizeBytes: 10_485_760 })
    expect(readSettings({ ...database, TIDEMARK_LOG_MAX_ENTRIES: '5' }).retention).toEqual({ maxEntries: 5 })
    expect(readSettings(database).retention).toBeUndefined()
    expect(() => readSettings({ TIDEMARK_LOG_MAX_MB: '10' })).toThrow(/TIDEMARK_LOG_MAX_MB: needs DATABASE_URL or TIDEMARK_SNAPSHOT_HOURS/)
    expect(readSettings({ TIDEMARK_LOG_MAX_MB: '10', TIDEMARK_SNAPSHOT_HOURS: '6' })).toMatchObject({ retention: { maxSizeBytes: 10_485_760 }, snapshots: { everyMs: 21_600_000, kept: 2 } })
    const own = readSettings({ TIDEMARK_DATA: '/d', TIDEMARK_SNAPSHOTS_KEPT: '5' })
    expect([own.snapshots, snapshotDir(own), snapshotDir(readSettings({ TIDEMARK_SNAPSHOT_DIR: '/s' }))]).toEqual([{ kept: 5 }, '/d/snapshots', '/s'])
    expect(() => readSettings({ TIDEMARK_SNAPSHOT_HOURS: '0' })).toThrow(/TIDEMARK_SNAPSHOT_HOURS: must be a whole number/)
    expect(() => readSettings({ ...database, TIDEMARK_LOG_MAX_DAYS: '0' })).toThrow(/TIDEMARK_LOG_MAX_DAYS: must be a whole number/)
  })

  test('read outboxes by name, and never repeat their passwords', () => {
    const { outboxes } = readSettings({ TIDEMARK_OUTBOX_URL: 'order=postgres://a:secret@h/o, pay=postgresql://h/p', TIDEMARK_OUTBOX_COLUMNS: 'id=event_id, payload=body' })
    expect(outboxes).toEqual([
      { name: 'order', url: 'postgres://a:secret@h/o', table: 'outbox', columns: { id: 'event_id', payload: 'body' }, pollMs: 500 },
      { name: 'pay', url: 'postgresql://h/p', table: 'outbox', columns: { id: 'event_id', payload: 'body' }, pollMs: 500 },
    ])
    expect(readSettings({ TIDEMARK_OUTBOX_URL: 'postgres://h/o' }).outboxes).toMatchObject([{ name: 'outbox' }])
    expect(() => readSettings({ TIDEMARK_OUTBOX_URL: 'mysql://a:secret@h/o' })).toThrow(/TIDEMARK_OUTBOX_URL: must be postgres:(?!.*secret)/)
    expect(() => readSettings({ TIDEMARK_OUTBOX_URL: 'postgres://h/a,postgres://h/b' })).toThrow(/"outbox" twice/)
    expect(() => readSettings({ TIDEMARK_OUTBOX_COLUMNS: 'colour=red' })).toThrow(/"colour=red" must read role=column/)
  })

  test('read lists and addresses', () => {
    expect(readSettings({ TIDEMARK_COMMAND_URLS: 'order=http://a:1/x, mail=https://b/y?z=1', TIDEMARK_WEBHOOK_URLS: 'http://c/, http://d/' })).toMatchObject({
      commandUrls: { order: 'http://a:1/x', mail: 'https://b/y?z=1' }, webhookUrls: ['http://c/', 'http://d/'],
    })
  })
})

describe('memory that the process may take', () => {
  test('is small where nothing is said, and large from a gigabyte on', () => {
    const roomWith = (env: Record<string, string>) => roomOf(readSettings(env).memoryMb)
    expect(roomWith({})).toBe(SMALL_ROOM)
    expect(roomWith({ TIDEMARK_MEMORY_MB: '1023' })).toBe(SMALL_ROOM)
    const large = roomWith({ TIDEMARK_MEMORY_MB: '1024' })
    expect(large.batchEntries).toBeGreaterThan(SMALL_ROOM.batchEntries)
    expect(large.cachedBytes).toBeGreaterThan(SMALL_ROOM.cachedBytes)
    expect(large.backlog.facts).toBeGreaterThan(SMALL_ROOM.backlog.facts)
    expect(large.heap.leastBytes).toBeGreaterThan(SMALL_ROOM.heap.leastBytes)
  })

  test.each(['511', '0', 'much', '1.5'])('%s is refused by its name', (value) => {
    expect(() => readSettings({ TIDEMARK_MEMORY_MB: value })).toThrow(/TIDEMARK_MEMORY_MB/)
  })
})

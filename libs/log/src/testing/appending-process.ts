/**
 * The process that embedded/kill.test.ts kills: appends from many callers and says each acknowledgement, as `position text`. Frames are so small that a
 * group is of several, and callers are answered while the next group is on its way.
 */
import { writeSync } from 'node:fs'
import { EmbeddedLog } from '../embedded/embedded-log.js'

const APPENDERS = 64
const [directory, life, segmentSizeBytes] = process.argv.slice(2) as [string, string, string]

const log = await EmbeddedLog.open(directory, { segmentSizeBytes: Number(segmentSizeBytes), frameSizeBytes: 500 })
await Promise.all(Array.from({ length: APPENDERS }, async (_, appender) => {
  for (let n = 0; ; n++) {
    const text = `${life}.${appender}.${n}`
    const { first } = await log.append([{ kind: 'event', subject: 'event.test', key: text, payload: Buffer.from(text) }])
    writeSync(1, `${first} ${text}\n`)
  }
}))

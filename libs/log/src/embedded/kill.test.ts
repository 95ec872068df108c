/**
 * A real process, killed while it appends to real files. What it said it had acknowledged is noted outside of it.
 * TIDEMARK_KILLS sets how often (default 4).
 */
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Random } from '../testing/random.js'
import { EmbeddedLog } from './embedded-log.js'

const KILLS = Number(process.env.TIDEMARK_KILLS ?? 4)
const SEGMENT_BYTES = 100_000
let directory: string

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'tidemark-kill-'))
  await build({
    logLevel: 'error', configFile: false,
    build: {
      ssr: fileURLToPath(new URL('../testing/appending-process.ts', import.meta.url)), outDir: directory, minify: false,
      rollupOptions: { output: { entryFileNames: 'appending-process.mjs' } },
    },
  })
})
afterAll(async () => {
  await rm(directory, { recursive: true })
})

it(`loses nothing that was acknowledged when its process is killed (${KILLS} times)`, async () => {
  const seed = Date.now() % 1_000_000
  const random = new Random(seed)
  const data = path.join(directory, 'data')
  const acknowledged = new Map<string, string>()
  for (let kill = 1; kill <= KILLS; kill++) {
    const before = acknowledged.size
    await appendUntilKilled(data, kill, 50 + random.below(2_000), acknowledged)
    expect(acknowledged.size, `seed ${seed}`).toBeGreaterThan(before)

    const log = await EmbeddedLog.open(data, { segmentSizeBytes: SEGMENT_BYTES })
    const texts = new Map<string, string>()
    for await (const batch of log.read({ from: 'earliest' })) {
      for (const { position, payload } of batch) texts.set(String(position), Buffer.from(payload).toString())
    }
    const lost = [...acknowledged].filter(([position, text]) => texts.get(position) !== text)
    expect(lost, `seed ${seed}, kill ${kill}`).toEqual([])
    expect(new Set(texts.values()).size, 'each once').toBe(texts.size)
    await log.close()
  }
}, 20_000 + KILLS * 5_000)

/** Kills the process after so many acknowledgements; those it managed to say before it died count too. */
async function appendUntilKilled(data: string, life: number, count: number, acknowledged: Map<string, string>): Promise<void> {
  const child = spawn(process.execPath, [path.join(directory, 'appending-process.mjs'), data, String(life), String(SEGMENT_BYTES)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let left = count
  let rest = ''
  child.stdout.setEncoding('utf8').on('data', (said: string) => {
    const lines = (rest + said).split('\n')
    rest = lines.pop()!
    for (const line of lines) {
      const [position, text] = line.split(' ') as [string, string]
      acknowledged.set(position, text)
      if (--left === 0) child.kill('SIGKILL')
    }
  })
  const [, signal] = await new Promise<[number | null, string | null]>((resolve, reject) => {
    child.on('error', reject).on('close', (code, why) => resolve([code, why]))
  })
  expect(signal, 'the process ran until it was killed').toBe('SIGKILL')
}

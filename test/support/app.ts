import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Log } from '@tidemark/log'
import { readSettings, type Settings } from '../../apps/tracker/src/config.js'
import { type AppParts, createApp, type RunningApp } from '../../apps/tracker/src/main.js'
import { prepareDatabase } from './database-template.js'

export interface TestApp extends RunningApp {
  readonly log: Log
  /** Closes it and removes its data directory. */
  stop(): Promise<void>
}

/** The whole service on a free port, in a data directory of its own, saying nothing. */
export async function startApp(settings: Partial<Settings> = {}, parts: AppParts = {}): Promise<TestApp> {
  const dataDir = settings.dataDir ?? (await mkdtemp(join(tmpdir(), 'tidemark-app-')))
  if (settings.databaseUrl === undefined) await prepareDatabase(dataDir)
  const app = await createApp({ ...readSettings({}), port: 0, logLevel: 'silent', ...settings, dataDir }, parts)
  return {
    ...app,
    log: app.foundation.log,
    async stop() {
      await app.close()
      if (settings.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

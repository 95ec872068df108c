import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateOrders, modelFile } from '@tidemark/example-order-fulfilment'
import type { Browser, Page } from 'playwright-core'
import { dropFiles, openBrowser, visit } from '../support/browser.js'
import { freePort } from '../support/free-port.js'
import { repoRoot } from '../support/requires.js'
import { TrackerApi } from '../support/tracker-api.js'
import { drawnModel, faultyOrderModel, orderModel, type Step } from './drawn-model.js'

const DAY_MS = 86_400_000
const HUGE_ORDERS = 20_000
const HUGE_STEPS = 300
const LONG_NAME = 'A process with a very long name, as they are drawn where everybody wanted a say'
/** Until the first order of the demo is 21 days old and was cancelled, and somewhat longer. */
const DEMO_RUNS_MS = 45_000
const LOOK_EVERY_MS = 5_000
const STILL_MS = 400
const MAX_LOADING_MS = 6_000
const REST_MS = 600

interface Scene {
  readonly command: readonly string[]
  readonly prepare: (api: TrackerApi) => Promise<unknown>
}

const scenes: Readonly<Record<string, Scene>> = {
  empty: { command: ['serve'], prepare: async () => undefined },
  demo: { command: ['demo'], prepare: () => new Promise((resolve) => setTimeout(resolve, DEMO_RUNS_MS)) },
  huge: { command: ['serve'], prepare: loadFarTooMuch },
}

const sizes = [{ width: 1440, height: 800 }, { width: 800, height: 800 }]
const schemes = ['light', 'dark'] as const

/** PNGs called scene/page-width-scheme.png. The tracker of each scene is a process of its own, from the build. */
export async function takePictures(folder: string, wanted: readonly string[]): Promise<void> {
  const browser = await openBrowser()
  for (const [name, scene] of Object.entries(scenes)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue
    const data = await mkdtemp(join(tmpdir(), 'tidemark-looks-'))
    const port = await freePort()
    const command = ['apps/tracker/bin/tidemark.js', ...scene.command, '--port', String(port), '--data', data]
    const tracker = spawn(process.execPath, command, { cwd: repoRoot, stdio: 'ignore' })
    try {
      const api = new TrackerApi(`http://127.0.0.1:${port}`)
      await api.until('the tracker answers', async () => (await fetch(`${api.url}/health/ready`).catch(() => undefined))?.ok === true)
      await scene.prepare(api)
      await mkdir(join(folder, name), { recursive: true })
      await lookAround(browser, api, join(folder, name))
    } finally {
      await stop(tracker)
      await rm(data, { recursive: true, force: true })
    }
  }
  await browser.close()
}

async function lookAround(browser: Browser, api: TrackerApi, folder: string): Promise<void> {
  const places = await placesOf(api)
  for (const scheme of schemes) {
    for (const viewport of sizes) {
      const { page, complaints, close } = await visit(browser, api.url, { viewport, colorScheme: scheme })
      for (const [name, path] of Object.entries(places)) {
        await page.goto(path)
        await page.waitForLoadState('load')
        if (name.startsWith('deploy-')) {
          const text = name.endsWith('faulty') ? faultyOrderModel : orderModel
          await dropFiles(page.getByTestId('drop-zone'), [{ name: 'order.bpmn', text }])
          await page.getByTestId('verdict').waitFor()
        }
        if (name === 'keys') await page.keyboard.press('?')
        // Everything is there when nothing loads any more but the stream of changes; no fact says that transitions have come to rest.
        await Promise.race([nothingLoads(page), page.waitForTimeout(MAX_LOADING_MS)])
        await page.waitForTimeout(REST_MS)
        await page.screenshot({ path: join(folder, `${name}-${viewport.width}-${scheme}.png`) })
      }
      const unexpected = complaints.filter((complaint) => !/status of 422.*dryRun/.test(complaint))
      if (unexpected.length > 0) console.error([...new Set(unexpected)].join('\n'))
      await close()
    }
  }
}

/** True for a quarter of a second on end. */
async function nothingLoads(page: Page): Promise<void> {
  await page.evaluate((stillMs) => new Promise<void>((resolve) => {
    let last = -1
    const look = (): void => {
      const { length } = performance.getEntriesByType('resource')
      if (length === last && document.querySelector('[aria-hidden="true"][class*="skeletons"]') === null) resolve()
      else setTimeout(look, stillMs)
      last = length
    }
    look()
  }), STILL_MS).catch(() => undefined)
}

/** What there is to look at; what a scene does not have is left out. */
async function placesOf(api: TrackerApi): Promise<Record<string, string>> {
  const places: Record<string, string> = { start: '/start', home: '/', nowhere: '/nowhere', keys: '/events' }
  for (const page of ['instances', 'alerts', 'commands', 'events', 'models']) places[page] = `/${page}`
  places['event-types'] = '/events/types'
  for (const page of ['deploy', 'deploy-faulty', 'deploy-good']) places[page] = '/models/deploy'
  const models = (await api.models()).items
  const order = models.find(({ id }) => id === 'order-fulfilment')
  if (order === undefined) return places
  const flow = `/flow/${order.id}`
  for (const lens of ['waits', 'durations', 'visits']) places[`flow-${lens}`] = `${flow}?lens=${lens}`
  Object.assign(places, { 'flow-element': `${flow}?element=PackGoods`, 'flow-table': `${flow}?view=table` })
  places['instances-none'] = '/instances?key=nobody'
  places['instances-filtered'] = `/instances?model=${order.id}&status=active&element=PackGoods&waitingLongerThan=P3D&stuck=true`
  if (models.some(({ id }) => id === 'huge')) places['flow-huge'] = '/flow/huge'
  for (const query of ['stuck=true', 'late=true', 'deviating=true', 'status=completed', 'status=terminated', 'status=active']) {
    const [found] = (await api.get<{ items: { id: string }[] }>(`/instances?model=${order.id}&limit=1&${query}`)).items
    if (found !== undefined) places[`instance-${query.replace(/status=|=true/, '')}`] = `/instances/${found.id}`
  }
  const [command] = (await api.get<{ items: { instance: string }[] }>('/commands?limit=1')).items
  if (command !== undefined) places['instance-command'] = `/instances/${command.instance}`
  const [alert] = (await api.get<{ items: { id: string }[] }>('/alerts?limit=1&status=open')).items
  if (alert !== undefined) places['alerts-panel'] = `/alerts?alert=${alert.id}`
  const [event] = (await api.get<{ items: { position: string }[] }>('/events?limit=1')).items
  if (event !== undefined) places['events-panel'] = `/events?event=${event.position}`
  return places
}

/** 20,000 orders of the last sixty days, and a model of 300 steps. */
async function loadFarTooMuch(api: TrackerApi): Promise<void> {
  await api.deploy((await readFile(modelFile, 'utf8')).replace('tm:mode="manage"', 'tm:mode="suggest"'))
  await api.deploy(drawnModel({ id: 'huge', name: LONG_NAME, steps: steps(), perRow: 20 }))
  await api.send(Array.from({ length: 40 }, (_, at) => longKeyed(at)))
  const startTime = Date.now() - 60 * DAY_MS
  await api.sendAll([...generateOrders({ orders: HUGE_ORDERS, startTime, ordersPerDay: HUGE_ORDERS / 59, seed: 'huge' })])
  for (let { lagEntries } = await api.status(); lagEntries > 0; { lagEntries } = await api.status()) {
    console.log(`${lagEntries} entries to follow`)
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
  }
}

function steps(): Step[] {
  const last = HUGE_STEPS - 1
  return Array.from({ length: HUGE_STEPS }, (_, at) => ({
    id: `step${at}`, name: at === 0 ? 'huge.started' : `Check number ${at} of the long list`, ...(at === last && { kind: 'end' as const }),
  }))
}

function longKeyed(at: number): object {
  const subject = `a rather long key of something, number ${at}, as some systems make them`
  return { specversion: '1.0', id: `huge ${at}`, source: '/huge', type: 'huge.started', subject }
}

async function stop(tracker: ChildProcess): Promise<void> {
  tracker.kill('SIGTERM')
  if (tracker.exitCode === null) await once(tracker, 'exit')
}

/** What is on the screen is what is so: within a second, without a reload, and again after the tracker was away. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startApp, type TestApp } from '../support/app.js'
import { hasBrowser, openBrowser, pillAt, visit, type Visit } from '../support/browser.js'
import { freePort } from '../support/free-port.js'
import { skipUnless } from '../support/requires.js'
import { TrackerApi } from '../support/tracker-api.js'
import { orderModel } from './drawn-model.js'

const START_TIMEOUT_MS = 120_000
const MEASURED = 8
const TO_SCREEN_MS = 1_000

describe.skipIf(skipUnless(hasBrowser(), 'Chromium'))('the live flow', () => {
  let app: TestApp
  let browser: Browser
  let visitor: Visit
  let settings: { readonly dataDir: string; readonly port: number }
  beforeAll(async () => {
    settings = { dataDir: await mkdtemp(join(tmpdir(), 'tidemark-live-')), port: await freePort() }
    ;[app, browser] = await Promise.all([startApp(settings), openBrowser()])
    await new TrackerApi(app.url).deploy(orderModel)
    visitor = await visit(browser, app.url)
    await visitor.page.goto('/flow/order')
    await visitor.page.getByTestId('connection').getByText('Live').waitFor()
    // A page that was loaded again would have forgotten this.
    await visitor.page.evaluate(() => Object.assign(window, { loadedOnce: true }))
  }, START_TIMEOUT_MS)
  afterAll(async () => {
    await browser?.close()
    await app?.stop()
    if (settings !== undefined) await rm(settings.dataDir, { recursive: true, force: true })
  })

  test('shows an event within a second', async () => {
    const { page } = visitor
    const took: number[] = []
    for (let order = 1; order <= MEASURED; order++) {
      const shown = momentOfPill(page, 'pay', order)
      await shown.ready
      const sentMs = Date.now()
      await place(app.url, order)
      took.push((await shown.atMs) - sentMs)
    }
    took.sort((a, b) => a - b)
    console.info(`event to screen, ms: ${took.join(' ')}`)
    // Half of them: a machine that runs other tests beside may stand still for a second at any moment.
    expect(took[MEASURED / 2 - 1]).toBeLessThanOrEqual(TO_SCREEN_MS)
    await pillAt(page, 'pay').getByText(String(MEASURED), { exact: true }).waitFor()
  })

  test('says when the tracker is away, and goes on by itself when it is back', async () => {
    const { page } = visitor
    await app.stop()
    await page.getByTestId('connection').getByText(/Reconnecting|No connection/).waitFor()
    await pillAt(page, 'pay').getByText(String(MEASURED), { exact: true }).waitFor()
    app = await startApp(settings)
    await page.getByTestId('connection').getByText('Live').waitFor()
    await place(app.url, MEASURED + 1)
    await pillAt(page, 'pay').getByText(String(MEASURED + 1), { exact: true }).waitFor()
    expect(await page.evaluate(() => 'loadedOnce' in window)).toBe(true)
  }, START_TIMEOUT_MS)

  test('has complained of nothing but the tracker that was away', () => {
    const away = /ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_RESET|status of 503/
    expect(visitor.complaints.filter((complaint) => !away.test(complaint))).toEqual([])
  })
})

async function place(url: string, order: number): Promise<void> {
  const event = { specversion: '1.0', id: `placed ${order}`, source: '/shop', type: 'order.placed', subject: `O-${order}` }
  await new TrackerApi(url).send([event])
}

/** When the pill first says `count`, by the machine's clock, seen from inside the page: asking from outside would add its own delay. */
function momentOfPill(page: Page, element: string, count: number): { ready: Promise<unknown>; atMs: Promise<number> } {
  const watched = page.evaluateHandle(([id, text]) => {
    const seen = () => document.querySelector(`button.tm-pill[data-element="${id}"]:not([hidden])`)?.textContent === text
    return { at: new Promise<number>((resolve) => {
      const watch = new MutationObserver(() => {
        if (!seen()) return
        watch.disconnect()
        resolve(Date.now())
      })
      watch.observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true })
    }) }
  }, [element, String(count)] as const)
  return { ready: watched, atMs: watched.then((handle) => handle.evaluate(({ at }) => at)) }
}

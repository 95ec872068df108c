/** An analyst tries a new version on all that has happened, reads what would differ, and lets it take over; over HTTP what does not fit is refused. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startApp, type TestApp } from '../support/app.js'
import { dropFiles, hasBrowser, openBrowser, visit, type Visit } from '../support/browser.js'
import { skipUnless } from '../support/requires.js'
import { BY_ORDER, cloudEvent, xmlOf } from '../support/small-process.js'
import { TrackerApi } from '../support/tracker-api.js'

const V1 = xmlOf({ id: 'orders', steps: ['placed', 'paid', 'shipped'] })
const V2 = xmlOf({ id: 'orders', steps: ['placed', 'checked', 'paid', 'shipped'] })
const PICTURES = process.env['TIDEMARK_PICTURES']

describe.skipIf(skipUnless(hasBrowser(), 'Chromium'))('an analyst', () => {
  let app: TestApp
  let api: TrackerApi
  let browser: Browser
  let visitor: Visit
  beforeAll(async () => {
    ;[app, browser] = await Promise.all([startApp(), openBrowser()])
    api = new TrackerApi(app.url)
    await api.deploy(V1, BY_ORDER)
    await api.send(['A', 'B', 'C'].flatMap((order) => ['placed', ...(order === 'A' ? ['checked'] : []), 'paid', ...(order === 'C' ? [] : ['shipped'])]
      .map((type) => cloudEvent({ type, data: { order } }))))
    await api.settled()
    visitor = await visit(browser, app.url)
  })
  afterAll(async () => {
    await browser?.close()
    await app?.stop()
  })
  const post = (path: string, body: object) =>
    fetch(`${app.url}/api/v1/models/${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  const codeOf = async (answer: Response | Promise<Response>) => {
    const { status, body } = await Promise.resolve(answer).then(async (one) => ({ status: one.status, body: (await one.json()) as { code?: string } }))
    return [status, body.code]
  }

  test('who asks for what does not fit is told so', async () => {
    expect(await codeOf(fetch(`${app.url}/api/v1/models/orders/shadow`))).toEqual([404, 'shadowNotFound'])
    expect(await codeOf(post('orders/shadow/accept', {}))).toEqual([404, 'shadowNotFound'])
    expect(await codeOf(post('nobody/shadow', { xml: V2, mapping: BY_ORDER }))).toEqual([400, 'invalidRequest'])
    expect(await codeOf(post('orders/shadow', { xml: V1, mapping: BY_ORDER }))).toEqual([409, 'shadowStatus'])
    expect(await codeOf(post('orders/shadow?since=soon', { xml: V2, mapping: BY_ORDER }))).toEqual([400, 'invalidRequest'])
    expect(await codeOf(post('orders/shadow', { xml: '<no/>' }))).toEqual([422, 'modelRefused'])
  })

  test('tries a version from the page where models are deployed, and reads what would differ', async () => {
    const { page } = visitor
    await page.goto('/models/deploy')
    await dropFiles(page.getByTestId('drop-zone'), [{ name: 'orders.bpmn', text: V2 }, { name: 'orders.yaml', text: BY_ORDER }])
    await page.getByTestId('try-version').click()
    await page.waitForURL('**/models')
    await page.getByTestId('trial-verdict').getByText('2 of 3 instances would be told otherwise.').waitFor({ timeout: 60_000 })
    expect(await page.getByTestId('trial').textContent()).toContain('skipped at e1')
    expect(await page.getByTestId('trial-sample').count()).toBe(2)
    expect(await codeOf(post('orders/shadow', { xml: V2 }))).toEqual([409, 'shadowStatus'])
    if (PICTURES !== undefined) {
      for (const scheme of ['light', 'dark'] as const) {
        for (const width of [1440, 800]) {
          await page.emulateMedia({ colorScheme: scheme })
          await page.setViewportSize({ width, height: 800 })
          await page.screenshot({ path: `${PICTURES}/trial-${width}-${scheme}.png` })
        }
      }
    }
  })

  test('lets it take over, and instances are told by it', async () => {
    const { page } = visitor
    await page.getByRole('button', { name: 'Accept version 2' }).click()
    await page.getByTestId('trial').waitFor({ state: 'detached', timeout: 60_000 })
    await page.getByRole('link', { name: 'v2' }).waitFor()
    expect((await api.instances('model=orders')).map(({ key, version, deviations }) => [key, version, deviations]).sort()).toEqual([['A', 2, 0], ['B', 2, 1], ['C', 2, 1]])
    expect(await codeOf(post('orders/shadow/drop', {}))).toEqual([409, 'shadowStatus'])
    expect(visitor.complaints).toEqual([])
  })
})

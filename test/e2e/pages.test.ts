/** What holds on every page: the makers of the drawing are named, keys work, nothing runs off a narrow screen, and names stay text. */
import { readFileSync } from 'node:fs'
import { generateOrders, modelFile } from '@tidemark/example-order-fulfilment'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { startApp, type TestApp } from '../support/app.js'
import { hasBrowser, openBrowser, pillAt, visit, type Visit } from '../support/browser.js'
import { skipUnless } from '../support/requires.js'
import { TrackerApi } from '../support/tracker-api.js'
import { drawnModel } from './drawn-model.js'

const START_TIMEOUT_MS = 120_000
const DAY_MS = 86_400_000
const ORDERS = 60
const HOSTILE = '<script>window.caught=1</script><img src=x onerror="window.caught=1">'

describe.skipIf(skipUnless(hasBrowser(), 'Chromium'))('every page', () => {
  let app: TestApp
  let api: TrackerApi
  let browser: Browser
  const visits: Visit[] = []
  beforeAll(async () => {
    ;[app, browser] = await Promise.all([startApp(), openBrowser()])
    api = new TrackerApi(app.url)
    await api.deploy(readFileSync(modelFile, 'utf8'))
    await api.deploy(drawnModel({
      id: 'hostile', name: `Order ${HOSTILE}`,
      steps: [{ id: 'placed', name: 'hostile.placed' }, { id: 'pay', name: `Pay ${HOSTILE}` }, { id: 'done', name: HOSTILE, kind: 'end' }],
    }))
    await api.sendAll([...generateOrders({ orders: ORDERS, startTime: Date.now() - 24 * DAY_MS, seed: 'pages', ordersPerDay: 10 })])
    const hostile = { specversion: '1.0', id: '1', source: '/hostile', type: 'hostile.placed', subject: `H ${HOSTILE}` }
    await api.send([{ ...hostile, data: { note: HOSTILE } }])
    await api.settled()
    await api.until('an alert is open', async () => (await api.status()).openAlerts > 0)
  }, START_TIMEOUT_MS)
  afterAll(async () => {
    await browser?.close()
    await app?.stop()
  })
  afterEach(async () => {
    for (const { close } of visits.splice(0)) await close()
  })

  async function come(path: string, width = 1440): Promise<Visit> {
    const visitor = await visit(browser, app.url, { viewport: { width, height: 800 } })
    visits.push(visitor)
    await visitor.page.goto(path)
    return visitor
  }

  test.each([1440, 800])('names bpmn.io on the drawing, in sight and uncovered (%i px)', async (width) => {
    const { page } = await come('/flow/order-fulfilment', width)
    await expectMark(page)
    await page.locator('button.tm-pill:visible').first().click()
    await page.getByTestId('element-panel').waitFor()
    await expectMark(page)
  })

  test('goes where the keys say: / to search, g and a letter to a page, ? for help, Esc to close', async () => {
    const { page, complaints } = await come('/flow/order-fulfilment')
    await page.locator('button.tm-pill:visible').first().waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('g i O-10')
    expect(await page.getByRole('search').getByRole('textbox').inputValue()).toBe('g i O-10')
    await page.keyboard.press('Escape')
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keys' }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog', { name: 'Keys' }).waitFor({ state: 'detached' })
    await page.keyboard.press('g')
    await page.keyboard.press('i')
    await page.waitForURL('**/instances')
    await page.keyboard.press('g')
    await page.keyboard.press('a')
    await page.waitForURL('**/alerts')
    await page.getByRole('row').getByRole('link').first().focus()
    await page.keyboard.press('Enter')
    await page.getByTestId('alert-panel').waitFor()
    await page.keyboard.press('Escape')
    await page.getByTestId('alert-panel').waitFor({ state: 'detached' })
    expect(complaints).toEqual([])
  })

  test('finds an instance by its key, from the keyboard alone', async () => {
    const { page } = await come('/events')
    await page.getByTestId('rows').waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('O-1003')
    await page.keyboard.press('Enter')
    await page.waitForURL(/\/instances\?key=O-1003$/)
    await page.getByTestId('rows').getByRole('link', { name: 'O-1003', exact: true }).waitFor()
  })

  test('fits on a window of 800 px, whatever is open beside it', async () => {
    const { page, complaints } = await come('/', 800)
    for (const { path, shows } of await everyPage()) {
      await page.goto(path)
      await page.locator(shows).first().waitFor()
      const { inner, outer } = await page.evaluate(() => ({ inner: document.documentElement.scrollWidth, outer: window.innerWidth }))
      expect.soft(`${path}: ${inner}`).toBe(`${path}: ${outer}`)
      expect.soft(await beyondTheEdge(page), path).toEqual([])
    }
    expect(complaints).toEqual([])
  })

  test('shows a name that looks like markup as the text it is', async () => {
    const { page, complaints } = await come('/flow/hostile')
    await pillAt(page, 'pay').getByText('1', { exact: true }).waitFor()
    await pillAt(page, 'pay').click()
    await page.getByTestId('element-panel').getByRole('heading', { name: `Pay ${HOSTILE}` }).waitFor()
    await page.getByTestId('element-panel').getByRole('link', { name: `H ${HOSTILE}` }).click()
    await page.getByTestId('instance-key').getByText(`H ${HOSTILE}`).waitFor()
    await page.getByTestId('waits-for').getByText(`Pay ${HOSTILE}`).first().waitFor()
    const { items: [event] } = await api.get<{ items: { position: string }[] }>('/events?type=hostile.placed')
    for (const path of ['/models', `/events?type=hostile.placed&event=${event!.position}`, '/instances?model=hostile']) {
      await page.goto(path)
      await page.getByText(HOSTILE).first().waitFor()
    }
    expect(await page.evaluate(() => 'caught' in window || document.querySelector('img[src="x"]') !== null)).toBe(false)
    expect(complaints).toEqual([])
  })

  async function everyPage(): Promise<{ path: string; shows: string }[]> {
    const [instance] = await api.instances('model=order-fulfilment&stuck=true')
    const { items: [alert] } = await api.get<{ items: { id: string }[] }>('/alerts')
    const { items: [event] } = await api.get<{ items: { position: string }[] }>('/events?limit=1')
    const drawing = '[data-testid="diagram"] .djs-shape'
    const rows = '[data-testid="rows"], [data-testid="empty"]'
    return [
      { path: '/start', shows: '[data-testid="first-event-curl"]' },
      { path: '/flow/order-fulfilment', shows: 'button.tm-pill' },
      { path: '/flow/order-fulfilment?lens=durations', shows: '[class*="tm-heat-"]' },
      { path: '/flow/order-fulfilment?view=table', shows: '[data-testid="element-table"]' },
      { path: '/flow/order-fulfilment?element=PackGoods', shows: '[data-testid="element-panel"]' },
      { path: '/instances', shows: rows },
      { path: '/instances?model=order-fulfilment&stuck=true&deviating=true&waitingLongerThan=P1D', shows: rows },
      { path: `/instances/${instance!.id}`, shows: drawing },
      { path: '/alerts', shows: rows },
      { path: `/alerts?alert=${alert!.id}`, shows: '[data-testid="alert-panel"] button' },
      { path: '/commands', shows: rows },
      { path: '/events', shows: rows },
      { path: `/events?event=${event!.position}`, shows: '[data-testid="event-panel"] dl' },
      { path: '/models', shows: '[data-testid="model"]' },
      { path: '/models/deploy', shows: '[data-testid="drop-zone"]' },
      { path: '/nowhere', shows: 'main a' },
    ]
  }
})

/** Seen by somebody who looks at its middle: nothing lies above it, and it lies on the screen. */
async function expectMark(page: Page): Promise<void> {
  const mark = page.locator('.bjs-powered-by')
  await mark.waitFor()
  await expect.poll(() => mark.evaluate((link) => {
    const { left, top, width, height } = link.getBoundingClientRect()
    const seen = document.elementFromPoint(left + width / 2, top + height / 2)
    return seen !== null && link.contains(seen) && top + height <= window.innerHeight && left + width <= window.innerWidth
  })).toBe(true)
}

/** Controls and headings that are cut off at the right, though the page itself does not scroll. */
function beyondTheEdge(page: Page): Promise<string[]> {
  return page.evaluate(() => [...document.querySelectorAll('header :is(a, button, input), main :is(h1, h2, button, input)')]
    .filter((element) => element.checkVisibility() && element.closest('.djs-container, table') === null)
    .filter((element) => element.getBoundingClientRect().right > window.innerWidth + 1)
    .map((element) => element.outerHTML.slice(0, 120)))
}

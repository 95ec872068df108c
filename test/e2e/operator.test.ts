/** The first five minutes of an operator: a shop at work, an order that stands still, an alert, a command to approve. */
import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { modelFile, startShop, SMOOTH_MIX, type Shop } from '@tidemark/example-order-fulfilment'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startApp, type TestApp } from '../support/app.js'
import { hasBrowser, marksAt, openBrowser, PATIENCE_MS, visit, type Visit } from '../support/browser.js'
import { openReceiver, type Receiver } from '../support/receiver.js'
import { skipUnless } from '../support/requires.js'
import { TrackerApi } from '../support/tracker-api.js'

const START_TIMEOUT_MS = 120_000
const DAY_MS = 86_400_000
/** A quarter of a day in a second: deadlines pass while one looks, but not before. */
const SCALE = 21_600
const SECRET = Buffer.from('a secret that only this test has')
const WRITTEN_SECRET = `whsec_${SECRET.toString('base64')}`

describe.skipIf(skipUnless(hasBrowser(), 'Chromium'))('an operator', () => {
  let app: TestApp
  let shop: Shop
  let browser: Browser
  let receiver: Receiver
  let visitor: Visit
  beforeAll(async () => {
    ;[receiver, browser] = await Promise.all([openReceiver(), openBrowser()])
    const origin = { realMs: Date.now(), domainMs: Date.UTC(2026, 2, 2, 8), scale: SCALE }
    app = await startApp({
      clockScale: { scale: SCALE, realOrigin: origin.realMs, domainOrigin: origin.domainMs },
      signingSecret: WRITTEN_SECRET,
      commandUrls: { notification: `${receiver.url}/commands` },
    })
    const api = new TrackerApi(app.url)
    await api.deploy(readFileSync(modelFile, 'utf8').replace('tm:mode="manage"', 'tm:mode="suggest"'))
    const { now } = await api.status()
    // Two days before the customer has to be told.
    await api.sendAll(standingStill('O-7', Date.parse(now) - 12 * DAY_MS))
    shop = await startShop({
      sink: { url: `${app.url}/api/v1/events` }, commands: { secret: WRITTEN_SECRET }, clock: origin,
      mix: SMOOTH_MIX, seed: 'operator', ordersPerDay: 4, maxOrders: 40,
    })
    visitor = await visit(browser, app.url)
    await visitor.page.goto('/')
  }, START_TIMEOUT_MS)
  afterAll(async () => {
    await browser?.close()
    await shop?.stop()
    await app?.stop()
    await receiver?.close()
  })

  test('sees on the flow where something is stuck, and finds one alert for it in the inbox', async () => {
    const { page } = visitor
    await marksAt(page, 'PackGoods').and(page.locator('[data-mark="stuck"]')).waitFor()
    await page.getByRole('link', { name: /^Alerts/ }).click()
    await page.getByRole('link', { name: '“Pack goods” is stuck' }).click()
    await page.getByTestId('alert-panel').getByText('Order fulfilment · Pack goods').waitFor()
  })

  test('opens the order that it is about: what happened, what it waits for and until when', async () => {
    const { page } = visitor
    await page.getByTestId('alert-panel').getByRole('link', { name: 'O-7', exact: true }).click()
    await page.getByTestId('instance-key').getByText('O-7', { exact: true }).waitFor()
    const waits = page.getByTestId('waits-for')
    await waits.getByText('Pack goods').first().waitFor()
    expect(await waits.textContent()).toMatch(/goods\.packed/)
    expect(await waits.textContent()).toMatch(/Timer at (14|21) days.*in \d/)
    const story = await page.getByTestId('timeline').innerText()
    expect(story).toMatch(/order\.placed[^]*payment\.received[^]*goods\.reserved[^]*invoice\.issued/)
  })

  test('says that they look after it', async () => {
    const { page } = visitor
    await page.getByRole('link', { name: '“Pack goods” is stuck' }).click()
    const panel = page.getByTestId('alert-panel')
    await panel.getByRole('textbox', { name: 'Comment' }).fill('asking the warehouse')
    await panel.getByTestId('acknowledge').click()
    await panel.getByText(/^Acknowledged by/).waitFor()
    await panel.getByTestId('acknowledge').waitFor({ state: 'detached' })
  })

  test('approves the command that the model proposes after 14 days', async () => {
    const { page } = visitor
    await page.getByRole('link', { name: /^Commands/ }).click()
    const proposal = page.getByTestId('proposal').filter({ hasText: 'customer.notifyDelay' }).filter({ hasText: 'O-7' })
    await proposal.waitFor({ timeout: PATIENCE_MS })
    expect(receiver.received).toEqual([])
    await proposal.getByTestId('command-approve').click()
    await page.getByText('Send customer.notifyDelay for O-7 to notification?').waitFor()
    await page.getByTestId('confirm-command-approve').click()
    await page.getByRole('row').filter({ hasText: 'customer.notifyDelay' }).getByText('delivered', { exact: true }).waitFor()
  })

  test('and the service got it once, signed, with all it needs', async () => {
    expect(receiver.received).toHaveLength(1)
    const { headers, body } = receiver.received[0]!
    const signed = createHmac('sha256', SECRET).update(`${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`).digest('base64')
    expect(headers['webhook-signature']).toBe(`v1,${signed}`)
    expect(JSON.parse(body)).toMatchObject({
      specversion: '1.0', type: 'customer.notifyDelay', id: headers['webhook-id'], subject: 'O-7',
      data: { orderId: 'O-7', waitingFor: '14 days' },
    })
  })

  test('resolves the alert, which leaves the inbox', async () => {
    const { page } = visitor
    await page.getByRole('link', { name: /^Alerts/ }).click()
    await page.getByRole('radiogroup', { name: 'Status' }).getByText('Acknowledged').click()
    await page.getByRole('link', { name: '“Pack goods” is stuck' }).click()
    await page.getByTestId('alert-panel').getByTestId('resolve').click()
    await page.getByTestId('alert-panel').getByText(/^Resolved by/).waitFor()
    expect((await new TrackerApi(app.url).get<{ items: unknown[] }>('/alerts?status=resolved')).items).toHaveLength(1)
  })

  test('has met no error on the way', () => {
    expect(visitor.complaints).toEqual([])
  })
})

/** An order that was placed, paid, reserved and invoiced, and that nobody packs. */
function standingStill(orderId: string, placedMs: number): object[] {
  const hour = (hours: number) => new Date(placedMs + hours * 3_600_000).toISOString()
  const said = [['order.placed', 0], ['payment.received', 3], ['goods.reserved', 8], ['invoice.issued', 12]] as const
  return said.map(([type, hours]) => ({
    specversion: '1.0', id: `${orderId} ${type}`, source: '/shop', type, subject: orderId, time: hour(hours), data: { orderId },
  }))
}

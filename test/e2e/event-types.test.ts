/** The catalogue of event types, as somebody comes to it who has to say what the services send. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startApp, type TestApp } from '../support/app.js'
import { hasBrowser, openBrowser, visit, type Visit } from '../support/browser.js'
import { skipUnless } from '../support/requires.js'
import { TrackerApi } from '../support/tracker-api.js'

const START_TIMEOUT_MS = 120_000
const MASK_KEY = 'a key of more than sixteen characters'
const policy = {
  schemas: [{ type: 'payment.*', onFault: 'report', schema: { type: 'object', required: ['iban'] } }],
  rules: [{ type: 'payment.*', hash: ['data.iban'] }],
}

describe.skipIf(skipUnless(hasBrowser(), 'Chromium'))('the page of event types', () => {
  let folder: string
  let app: TestApp
  let browser: Browser
  let visitor: Visit

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tidemark-types-'))
    await writeFile(join(folder, 'policy.json'), JSON.stringify(policy))
    ;[app, browser] = await Promise.all([startApp({ policyFile: join(folder, 'policy.json'), maskKey: MASK_KEY }), openBrowser()])
    const api = new TrackerApi(app.url)
    const event = (id: string, type: string, data: object) => ({ specversion: '1.0', id, source: '/shop', type, data })
    await api.send([
      event('1', 'payment.received', { iban: 'DE02 1203' }), event('2', 'payment.received', { amount: 5 }), event('3', 'order.placed', { orderId: 'o-1' }),
      event('4', 'payment.received', { iban: 'DE02 1203', amount: 7 }),
    ])
    await api.settled()
    visitor = await visit(browser, app.url)
  }, START_TIMEOUT_MS)
  afterAll(async () => {
    await visitor?.close()
    await browser?.close()
    await app?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  test('is found from the events, says what comes how often and keeps to its schema, and shows one as it is stored', async () => {
    const { page, complaints } = visitor
    await page.goto('/events')
    await page.getByRole('link', { name: 'All types' }).click()
    const rows = page.getByTestId('rows')
    await rows.getByText('order.placed').waitFor()
    expect(await rows.getByRole('row').filter({ hasText: 'payment.received' }).innerText()).toMatch(/3[\s\S]*1 of 3 not/)
    expect(await rows.getByRole('row').filter({ hasText: 'order.placed' }).innerText()).toContain('none')

    await rows.getByRole('link', { name: 'payment.received' }).click()
    const panel = page.getByTestId('type-panel')
    await panel.getByText('reported').waitFor()
    const text = await panel.innerText()
    expect(text).toContain("data must have required property 'iban'")
    expect(text).toContain('3 checked, 1 with faults')
    expect(text).toMatch(/iban\s*hmac:[0-9a-f]{32}/)
    expect(text).toMatch(/id\s*4/)
    expect(text).not.toContain('DE02')

    await panel.getByRole('link', { name: '3', exact: true }).click()
    await page.waitForURL(/\/events\?type=payment\.received/)
    expect(complaints).toEqual([])
  })
})

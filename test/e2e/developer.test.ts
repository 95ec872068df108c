/** The first five minutes of a service developer: from an empty product to a token that moves, without a line of Tidemark code. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startApp, type TestApp } from '../support/app.js'
import { dropFiles, hasBrowser, marksAt, openBrowser, PATIENCE_MS, pillAt, visit, watchFor, type Visit } from '../support/browser.js'
import { skipUnless } from '../support/requires.js'
import { faultyOrderModel, orderModel } from './drawn-model.js'

describe.skipIf(skipUnless(hasBrowser(), 'Chromium'))('a service developer', () => {
  let app: TestApp
  let browser: Browser
  let visitor: Visit
  beforeAll(async () => {
    ;[app, browser] = await Promise.all([startApp(), openBrowser()])
    visitor = await visit(browser, app.url, { permissions: ['clipboard-read', 'clipboard-write'] })
    await visitor.page.goto('/')
  })
  afterAll(async () => {
    await browser?.close()
    await app?.stop()
  })

  test('finds an empty product that says how to send the first event, and copies the command', async () => {
    const { page } = visitor
    await page.getByRole('heading', { name: 'Send an event' }).waitFor()
    await page.getByText('Waiting for the first event').waitFor()
    await page.getByRole('button', { name: 'Copy the command', exact: true }).click()
    const copied = await page.evaluate(() => navigator.clipboard.readText())
    expect(copied).toBe(await page.getByTestId('first-event-curl').textContent())
    expect(copied).toContain(`curl -i ${app.url}/api/v1/events`)
  })

  test('runs it, and sees at once that it came, and what became of it', async () => {
    const { page } = visitor
    const answer = await runCurl(await page.getByTestId('first-event-curl').innerText())
    expect([answer.status, await answer.json()]).toMatchObject([202, { accepted: 1, duplicates: 0 }])
    await page.getByTestId('received').getByText('order.placed').waitFor()
    await page.getByRole('link', { name: 'See the events' }).click()
    const row = page.getByRole('row').filter({ hasText: 'order.placed' })
    await row.getByText('unmatched').waitFor()
    expect(await row.textContent()).toContain('order-1')
  })

  test('drops a faulty model, and is shown what is wrong and where in the drawing', async () => {
    const { page } = visitor
    await page.keyboard.press('Escape')
    await page.getByRole('link', { name: 'Models' }).click()
    await page.getByTestId('deploy-model').click()
    await dropFiles(page.getByTestId('drop-zone'), [{ name: 'order.bpmn', text: faultyOrderModel }])
    await page.getByTestId('verdict').getByText('It cannot be tracked as it is: one error.').waitFor()
    await marksAt(page, 'either').and(page.locator('[data-mark="error"]')).waitFor()
    expect(await page.getByTestId('findings').textContent()).toMatch(/only be waited for/)
    expect(await page.getByTestId('deploy').isDisabled()).toBe(true)
  })

  test('drops the mended one and deploys it: the event that came before is followed too', async () => {
    const { page } = visitor
    await dropFiles(page.getByTestId('drop-zone'), [{ name: 'order.bpmn', text: orderModel }])
    await page.getByTestId('verdict').getByText('deployed').waitFor()
    await page.getByTestId('deploy').click()
    await page.waitForURL('**/flow/order')
    await pillAt(page, 'pay').getByText('1', { exact: true }).waitFor()
  })

  test('sends the next event, and sees the token go on', async () => {
    const { page } = visitor
    const moving = watchFor(page, '.tm-traveller')
    await moving.ready
    await fetch(`${app.url}/api/v1/events`, {
      method: 'POST', headers: { 'content-type': 'application/cloudevents+json' },
      body: JSON.stringify({ specversion: '1.0', id: '2', source: '/my/service', type: 'payment.received', subject: 'order-1' }),
    })
    await Promise.all([moving.seen, pillAt(page, 'ship').getByText('1', { exact: true }).waitFor()])
    await expect.poll(() => pillAt(page, 'pay').count(), { timeout: PATIENCE_MS }).toBe(0)
  })

  test('looks the first event up again: it is tracked, and leads to its instance', async () => {
    const { page } = visitor
    await page.getByRole('link', { name: 'Events' }).click()
    const row = page.getByRole('row').filter({ hasText: 'order.placed' })
    await row.getByText('tracked').waitFor()
    await row.getByRole('link', { name: 'instance' }).click()
    await page.getByTestId('instance-key').getByText('order-1').waitFor()
    expect(await page.getByTestId('timeline-row').count()).toBe(2)
    await page.getByTestId('waits-for').getByText('goods.shipped').first().waitFor()
  })

  test('has met no error on the way but the refusal of the faulty model', () => {
    expect(visitor.complaints.filter((complaint) => !/status of 422/.test(complaint))).toEqual([])
  })
})

/** Does what the shown command line says, word for word. */
async function runCurl(command: string): Promise<Response> {
  const [, url, header, body] = /^curl -i (\S+) -H '([^']+)' -d '([^']+)'$/.exec(command.trim()) ?? []
  if (url === undefined || header === undefined || body === undefined) throw new Error(`not the command that this test can run: ${command}`)
  const [name, value] = header.split(': ') as [string, string]
  return fetch(url, { method: 'POST', headers: { [name]: value }, body })
}

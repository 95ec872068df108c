/** The first five minutes of an analyst: a real log of fines, where it went, what took long, and which cases differ. */
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tidemark } from '../cli/run-command.js'
import { startApp, type TestApp } from '../support/app.js'
import { drawn, hasBrowser, openBrowser, pillAt, visit, type Visit } from '../support/browser.js'
import { dataDir, skipUnless } from '../support/requires.js'
import { TrackerApi } from '../support/tracker-api.js'

const START_TIMEOUT_MS = 120_000
const skipped = skipUnless(hasBrowser(), 'Chromium') || skipUnless(dataDir() !== undefined, 'the real logs in ../shared/data')

describe.skipIf(skipped)('an analyst', () => {
  let app: TestApp
  let browser: Browser
  let visitor: Visit
  beforeAll(async () => {
    ;[app, browser] = await Promise.all([startApp(), openBrowser()])
    const file = (name: string) => join(dataDir()!, 'logs', name)
    expect(await tidemark('deploy', file('fines.bpmn'), '--url', app.url)).toMatchObject({ code: 0 })
    const imported = await tidemark('import', file('roadtraffic100traces.xes'), '--url', app.url, '--model', 'road-traffic-fine')
    expect(imported).toMatchObject({ code: 0 })
    const api = new TrackerApi(app.url)
    const newFine = (fine: number) => ({
      specversion: '1.0', id: `new ${fine}`, source: '/police', type: 'Create Fine', subject: `N-${fine}`,
    })
    await api.send([1, 2, 3].map(newFine))
    await api.settled()
    visitor = await visit(browser, app.url, { permissions: ['clipboard-read', 'clipboard-write'] })
    await visitor.page.goto('/')
  }, START_TIMEOUT_MS)
  afterAll(async () => {
    await browser?.close()
    await app?.stop()
  })

  test('sees all fines on the drawing: how many are where, and how often each way was taken', async () => {
    const { page } = visitor
    await pillAt(page, 'Xor_Early').getByText('3', { exact: true }).waitFor()
    // One of the hundred is under way to this day.
    expect(await page.getByTestId('figure-active').innerText()).toContain('4')
    expect(await page.getByTestId('figure-completed').innerText()).toContain('99')
    expect(await page.getByTestId('figure-deviating').innerText()).toContain('2')
    const counts = await page.locator('.djs-connection .tm-count').allTextContents()
    expect(counts.map(Number).filter((count) => count > 0).length).toBeGreaterThan(10)
    expect(counts).toContain('103')
  })

  test('looks at a moment of the past: the fines that were under way then, and back to now', async () => {
    const { page } = visitor
    await page.getByTestId('at').fill('2006-07-25T12:00:00')
    await page.waitForURL(/at=2006-07-25/)
    await expect.poll(() => page.getByTestId('figure-completed').innerText()).not.toContain('99')
    await page.getByRole('button', { name: 'Now', exact: true }).click()
    await expect.poll(() => page.getByTestId('figure-completed').innerText()).toContain('99')
    expect(page.url()).not.toContain('at=')
  })

  test('clicks where the new ones wait, and goes to their list', async () => {
    const { page } = visitor
    await pillAt(page, 'Xor_Early').click()
    const panel = page.getByTestId('element-panel')
    await panel.getByRole('link', { name: 'N-1', exact: true }).waitFor()
    await panel.getByTestId('all-instances').click()
    await page.waitForURL(/\/instances\?.*element=/)
    await page.getByTestId('rows').getByText('3 in all').waitFor()
  })

  test('filters those that went off the path; the link holds the filter, and shows the same again', async () => {
    const { page } = visitor
    await page.getByRole('button', { name: 'Clear the filter' }).click()
    await page.getByRole('button', { name: 'Deviating' }).click()
    await page.waitForURL(/\/instances\?deviating=true$/)
    const rows = page.getByTestId('rows')
    await rows.getByText('2 in all').waitFor()
    const keys = await rows.getByRole('row').getByRole('link').allTextContents()
    await page.reload()
    await rows.getByText('2 in all').waitFor()
    expect(await rows.getByRole('row').getByRole('link').allTextContents()).toEqual(keys)
    expect(await page.getByRole('button', { name: 'Deviating' }).getAttribute('aria-pressed')).toBe('true')
  })

  test('opens one and reads in plain words where it differs, and sees it on the path', async () => {
    const { page } = visitor
    await page.getByTestId('rows').getByRole('link').first().click()
    const deviations = page.getByTestId('deviations')
    await deviations.waitFor()
    expect(await deviations.innerText()).toMatch(/“[^”]+” happened (later than the model has it|where the model does not allow it)\./)
    await page.locator('.djs-shape.tm-deviates').first().waitFor({ state: 'attached' })
    expect(await page.getByTestId('timeline').innerText()).toMatch(/off the path|out of order/)
  })

  test('goes back to the flow and looks at durations instead: the slow steps are heated', async () => {
    const { page } = visitor
    await page.getByRole('link', { name: 'Flow', exact: true }).click()
    await drawn(page, 'Task_CreateFine').waitFor()
    await page.getByTestId('lens').getByText('Durations').click()
    await page.waitForURL(/lens=durations/)
    await page.locator('.djs-shape[class*="tm-heat-"]').first().waitFor()
    await page.reload()
    await page.locator('.djs-shape[class*="tm-heat-"]').first().waitFor()
  })

  test('has met no error on the way', () => {
    expect(visitor.complaints).toEqual([])
  })
})

/** Somebody who mends: finds what cannot be followed, tries it again, throws it away, brings it in again; says what they know of an instance; looks by a variable. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { QUARANTINE_SUBJECT } from '../../apps/tracker/src/store/entries.js'
import { Fold } from '../../libs/bpmn/src/track/fold.js'
import { startApp, type TestApp } from '../support/app.js'
import { hasBrowser, openBrowser, PATIENCE_MS, visit, type Visit } from '../support/browser.js'
import { skipUnless } from '../support/requires.js'
import { BY_ORDER, cloudEvent, xmlOf } from '../support/small-process.js'
import { TrackerApi } from '../support/tracker-api.js'

const START_TIMEOUT_MS = 120_000
const TEST_MS = 90_000
const healthy = Fold.prototype.fold
const STEPS = ['order.placed', 'order.paid', 'order.shipped']

describe.skipIf(skipUnless(hasBrowser(), 'Chromium'))('somebody who mends', () => {
  let app: TestApp
  let api: TrackerApi
  let browser: Browser
  let visitor: Visit
  beforeAll(async () => {
    browser = await openBrowser()
    app = await startApp()
    api = new TrackerApi(app.url)
    await api.deploy(xmlOf({ id: 'orders', steps: STEPS }), BY_ORDER)
    const said = (step: string, order: string, amount: number, id?: string) => cloudEvent({ type: step, data: { order, amount }, ...(id === undefined ? {} : { id }) })
    await api.send([said('order.placed', 'A-1', 250), said('order.placed', 'A-2', 40), said('order.placed', 'A-3', 900)])
    await api.settled()
    Fold.prototype.fold = function broken(this: Fold, fact, facts) {
      if (fact.id.includes('poison') && Object.keys(fact.labels).length > 0) throw new RangeError('the fold does not end')
      healthy.call(this, fact, facts)
    }
    await api.send([said('order.paid', 'A-1', 250, 'poison 1')])
    await app.log.append([{ kind: 'event', subject: QUARANTINE_SUBJECT, payload: Buffer.from('{"type":"order.placed" oops') }])
    await api.settled()
    visitor = await visit(browser, app.url)
    await visitor.page.goto('/')
  }, START_TIMEOUT_MS)
  afterAll(async () => {
    Fold.prototype.fold = healthy
    await browser?.close()
    await app?.stop()
  })

  test('sees on every page that something cannot be followed, and finds it', async () => {
    const { page } = visitor
    await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Faults 2' }).click()
    await page.getByRole('table', { name: 'Suspended instances' }).getByText('RangeError: the fold does not end').waitFor()
    await page.getByRole('link', { name: 'A-1', exact: true }).click()
    const panel = page.getByTestId('fault-panel')
    await panel.getByText('RangeError: the fold does not end').waitFor()
    expect(await panel.getByTestId('waiting-events').innerText()).toContain('order.paid')
  }, TEST_MS)

  test('tries it again, in vain as long as the program is the same', async () => {
    const { page } = visitor
    await page.getByTestId('try-again').click()
    await page.getByText('what stays suspended in a moment still cannot be').waitFor()
    await page.getByTestId('fault-panel').getByText('RangeError: the fold does not end').waitFor()
  }, TEST_MS)

  test('sets aside what cannot be folded, not without saying why, and the instance goes on', async () => {
    const { page } = visitor
    await page.getByTestId('discard-fault').click()
    const confirm = page.getByTestId('confirm-discard-fault')
    expect(await confirm.isDisabled()).toBe(true)
    await page.getByRole('textbox', { name: 'Comment' }).fill('sent by a test')
    await confirm.click()
    await page.getByTestId('fault-panel').getByText('It is followed again').waitFor({ timeout: PATIENCE_MS })
    expect((await api.get<{ items: unknown[] }>('/faults')).items).toEqual([])
  }, TEST_MS)

  test('sees the bytes of what came in and is no event, mends them and sends it again', async () => {
    const { page } = visitor
    await page.getByRole('radiogroup', { name: 'Kind' }).getByText('Quarantined events').click()
    await page.getByRole('table', { name: 'Quarantined events' }).getByRole('link', { name: /^Event / }).click()
    const panel = page.getByTestId('event-panel')
    await panel.getByText('{"type":"order.placed" oops').waitFor()
    await panel.getByTestId('send-again').click()
    const editor = page.getByRole('textbox', { name: 'Event, as CloudEvents JSON' })
    expect(await page.getByTestId('confirm-send-again').isDisabled()).toBe(true)
    await editor.fill(JSON.stringify(cloudEvent({ type: 'order.placed', data: { order: 'A-4', amount: 5 } })))
    await page.getByTestId('confirm-send-again').click()
    await panel.getByText('discarded', { exact: true }).waitFor()
    await panel.getByText(/threw it away: sent again, mended, as \d+/).waitFor()
    expect(await api.instances('key=A-4')).toHaveLength(1)
    await page.getByText('No event is quarantined').waitFor()
    expect((await api.status()).faults).toEqual({ instances: 0, models: 0, events: 0 })
  }, TEST_MS)

  test('finds instances by a variable, as one writes it', async () => {
    const { page } = visitor
    await page.goto('/instances')
    await page.getByRole('table').getByText('A-2').waitFor()
    const field = page.getByRole('textbox', { name: 'Variable' })
    await field.fill('amount > 100')
    await field.press('Enter')
    await page.getByRole('table').getByText('A-2').waitFor({ state: 'detached' })
    expect(await page.getByRole('table').getByRole('link').allInnerTexts()).toEqual(expect.arrayContaining(['A-3', 'A-1']))
    expect(page.url()).toContain('variable=')
  }, TEST_MS)

  test('says what they know of an instance: a step was done, and takes it back', async () => {
    const { page } = visitor
    await page.getByRole('table').getByRole('link', { name: 'A-3', exact: true }).click()
    await page.getByTestId('correct-done').click()
    await page.getByText('Which step was done, although its event will not come?').waitFor()
    await page.getByRole('textbox', { name: 'Comment' }).fill('seen in the bank')
    await page.getByTestId('confirm-correct-done').click()
    await page.getByTestId('waits-for').getByText('order.shipped').first().waitFor()
    await page.getByTestId('correct-set-aside').click()
    await page.getByRole('textbox', { name: /does not belong/ }).or(page.getByRole('combobox', { name: /does not belong/ })).click()
    await page.getByRole('option').first().click()
    await page.getByTestId('confirm-correct-set-aside').click()
    await page.getByTestId('waits-for').getByText('order.paid').first().waitFor()
  }, TEST_MS)

  test('has met no error on the way', () => {
    // The panel asks for what is suspended no more.
    expect(visitor.complaints.filter((complaint) => !/404.*\/faults\//.test(complaint))).toEqual([])
  })
})

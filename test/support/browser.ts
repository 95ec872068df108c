/** A person at the pages of a running tracker: Debian's Chromium without a window, one visit per person. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { chromium, type Browser, type BrowserContextOptions, type Locator, type Page } from 'playwright-core'
import { repoRoot } from './requires.js'

const chromiumPath = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) => existsSync(path))
const builtPages = join(repoRoot, 'apps/ui/dist/index.html')

/** Root has no sandbox; and a browser under test calls nobody but us. */
const ARGUMENTS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update',
  '--disable-sync',
]
/** How long a fact may take to show on a machine that is busy with other tests. */
export const PATIENCE_MS = 20_000

export function hasBrowser(): boolean {
  return chromiumPath !== undefined
}

/** Chromium, with the built pages to show in it. Fails where they are not built: that is a wrong order of commands, not a missing tool. */
export async function openBrowser(): Promise<Browser> {
  if (!existsSync(builtPages)) throw new Error('the pages are not built: run "npm run build:ui" first')
  return launchBrowser()
}

/** Chromium with nothing to show. */
export async function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumPath!, args: ARGUMENTS })
}

export interface Visit {
  readonly page: Page
  /** What the browser's console called an error, and what no code of the page caught. */
  readonly complaints: readonly string[]
  close(): Promise<void>
}

/** A new person: nothing stored, their own window. `url` is the tracker's. */
export async function visit(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Visit> {
  const viewport = { width: 1440, height: 800 }
  const context = await browser.newContext({ baseURL: url, viewport, locale: 'en-GB', timezoneId: 'UTC', ...options })
  context.setDefaultTimeout(PATIENCE_MS)
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', (message) => message.type() === 'error' && complaints.push(`${message.text()} (${message.location().url})`))
  page.on('pageerror', (error) => complaints.push(error.stack ?? error.message))
  return { page, complaints, close: () => context.close() }
}

/** Drops files on an element, as from a file manager. */
export async function dropFiles(zone: Locator, files: readonly { readonly name: string; readonly text: string }[]): Promise<void> {
  const dataTransfer = await zone.page().evaluateHandle((given) => {
    const transfer = new DataTransfer()
    for (const { name, text } of given) transfer.items.add(new File([text], name))
    return transfer
  }, files)
  await zone.dispatchEvent('dragover', { dataTransfer })
  await zone.dispatchEvent('drop', { dataTransfer })
}

/** The pill at an element of the drawing that says how many are there. */
export function pillAt(page: Page, element: string): Locator {
  return page.locator(`button.tm-pill[data-element="${element}"]:visible`)
}

/** The signs at an element of the drawing: stuck, late, off the path, or findings. */
export function marksAt(page: Page, element: string): Locator {
  return page.locator(`button.tm-marks[data-element="${element}"]:visible .tm-mark`)
}

/** The element itself, as it is drawn. */
export function drawn(page: Page, element: string): Locator {
  return page.locator(`g.djs-shape[data-element-id="${element}"]`)
}

/**
 * Resolves when an element that fits is put into the page, even for a moment: looking from outside, again and again, could miss it. Await
 * `ready` before what is to be seen begins.
 */
export function watchFor(page: Page, selector: string): { readonly ready: Promise<unknown>; readonly seen: Promise<boolean> } {
  const watched = page.evaluateHandle((wanted) => ({
    seen: new Promise<boolean>((resolve) => {
      const watch = new MutationObserver(() => {
        if (document.querySelector(wanted) === null) return
        watch.disconnect()
        resolve(true)
      })
      watch.observe(document.body, { subtree: true, childList: true })
    }),
  }), selector)
  return { ready: watched, seen: watched.then((handle) => handle.evaluate(({ seen }) => seen)) }
}

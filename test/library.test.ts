import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'vite'
import { describe, expect, test } from 'vitest'
import { hasBrowser, launchBrowser } from './support/browser.js'
import { repoRoot, skipUnless } from './support/requires.js'

/** What the page about the library shows, and what it says comes of it. */
const page = readFileSync(join(repoRoot, 'docs/how-to/use-the-library.md'), 'utf8')
const [code = '', said = ''] = [...page.matchAll(/^```(?:js)?\n([^]*?)^```/gm)].map((match) => match[1] ?? '')
const linesOf = (text: string) => text.trimEnd().split('\n').map((line) => line.trimEnd())

describe('the example of the library', () => {
  test('has twenty lines', () => {
    expect(linesOf(code).length).toBeLessThanOrEqual(20)
    expect(linesOf(said).length).toBeGreaterThan(1)
  })

  test('says in Node what its page says', () => {
    const output = execFileSync(process.execPath, ['--input-type=module', '--eval', code], { cwd: repoRoot, encoding: 'utf8' })
    expect(linesOf(output)).toEqual(linesOf(said))
  })

  test.skipIf(skipUnless(hasBrowser(), 'Chromium'))('says the same in Chromium', async () => {
    const built = await build({
      root: repoRoot, configFile: false, logLevel: 'silent', resolve: { conditions: ['@tidemark/source', 'browser'] },
      plugins: [{ name: 'example', resolveId: (id) => (id === 'example.js' ? join(repoRoot, 'example.js') : null), load: (id) => (id === join(repoRoot, 'example.js') ? code : null) }],
      build: { write: false, target: 'es2023', minify: false, rollupOptions: { input: 'example.js', treeshake: { moduleSideEffects: true } } },
    })
    const [bundle] = Array.isArray(built) ? built : [built]
    const chunk = bundle !== undefined && 'output' in bundle ? bundle.output[0] : undefined
    if (chunk === undefined) throw new Error('nothing was built')
    const browser = await launchBrowser()
    try {
      const tab = await browser.newPage()
      const output: string[] = []
      tab.on('console', (message) => output.push(message.text()))
      tab.on('pageerror', (error) => output.push(error.message))
      await tab.addScriptTag({ type: 'module', content: chunk.code })
      await expect.poll(() => output.map((line) => line.trimEnd())).toEqual(linesOf(said))
    } finally {
      await browser.close()
    }
  })
})

/**
 * Pictures of every page, to be looked at: empty, with the demo, and with far too much; wide and narrow, light and dark.
 *
 *   npm run build && node test/e2e/looks.mjs FOLDER [empty|demo|huge ...]
 */
import { runnerImport } from 'vite'

const [folder, ...scenes] = process.argv.slice(2)
if (folder === undefined) {
  console.error('node test/e2e/looks.mjs FOLDER [empty|demo|huge ...]')
  process.exit(2)
}
const { module } = await runnerImport(new URL('looks.ts', import.meta.url).pathname)
await module.takePictures(folder, scenes)

#!/usr/bin/env node
import { existsSync } from 'node:fs'

const program = new URL('../dist/cli/index.js', import.meta.url)
if (existsSync(program)) {
  const { main } = await import(program.href)
  await main(process.argv)
} else {
  process.stderr.write('Tidemark is not built yet: run "npm run build" first.\n')
  process.exitCode = 2
}

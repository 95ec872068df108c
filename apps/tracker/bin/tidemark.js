#!/usr/bin/env node
import { existsSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'

// V8 lets the heap grow to four times what is in use before it looks for garbage, where the machine has much memory. Under load that is 200 MB
// of nothing; with this it looks when half has been added. Beside a Postgres server, where memory is not shared with the database, serve allows more.
setFlagsFromString('--heap-growing-percent=50')

const program = new URL('../dist/cli/index.js', import.meta.url)
if (existsSync(program)) {
  const { main } = await import(program.href)
  await main(process.argv)
} else {
  process.stderr.write('Tidemark is not built yet: run "npm run build" first.\n')
  process.exitCode = 2
}

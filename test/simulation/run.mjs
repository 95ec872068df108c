/** `npm run test:simulation -- --seeds N [--from S] [--story]`: so many seeds of the simulation; `--story` tells what happens in each. */
import { spawn } from 'node:child_process'
import { parseArgs } from 'node:util'

const { values } = parseArgs({ options: { seeds: { type: 'string', default: '100' }, from: { type: 'string', default: '1' }, story: { type: 'boolean', default: false } } })
for (const name of ['seeds', 'from']) {
  if (/^[1-9]\d*$/.test(values[name])) continue
  console.error(`--${name} ${values[name]} is no number from 1 on`)
  process.exit(2)
}
const child = spawn('npx', ['vitest', 'run', 'test/simulation'], {
  stdio: 'inherit',
  env: { ...process.env, TIDEMARK_SIMULATION_SEEDS: values.seeds, TIDEMARK_SIMULATION_FROM: values.from, ...(values.story ? { TIDEMARK_SIMULATION_STORY: '1' } : {}) },
})
child.on('exit', (code) => (process.exitCode = code ?? 1))

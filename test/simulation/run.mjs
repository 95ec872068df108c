/**
 * `npm run test:simulation -- --seeds N [--from S] [--trackers 1|2|3] [--story]`: so many seeds of the simulation, with so many trackers that share the log (else one, two
 * and three in turn); `--story` tells what happens in each.
 */
import { spawn } from 'node:child_process'
import { parseArgs } from 'node:util'

const { values } = parseArgs({ options: { seeds: { type: 'string', default: '100' }, from: { type: 'string', default: '1' }, trackers: { type: 'string' }, story: { type: 'boolean', default: false } } })
for (const name of ['seeds', 'from']) {
  if (/^[1-9]\d*$/.test(values[name])) continue
  console.error(`--${name} ${values[name]} is no number from 1 on`)
  process.exit(2)
}
if (values.trackers !== undefined && !/^[1-3]$/.test(values.trackers)) {
  console.error(`--trackers ${values.trackers}: it is 1, 2 or 3`)
  process.exit(2)
}
const child = spawn('npx', ['vitest', 'run', 'test/simulation'], {
  stdio: 'inherit',
  env: { ...process.env, TIDEMARK_SIMULATION_SEEDS: values.seeds, TIDEMARK_SIMULATION_FROM: values.from, ...(values.trackers === undefined ? {} : { TIDEMARK_SIMULATION_TRACKERS: values.trackers }), ...(values.story ? { TIDEMARK_SIMULATION_STORY: '1' } : {}) },
})
child.on('exit', (code) => (process.exitCode = code ?? 1))

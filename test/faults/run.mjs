/** `npm run test:faults -- [--seed S] [--minutes M] [--grounds embedded,postgres,jetstream]`: the programme of faults, as long as it is wanted. */
import { spawn } from 'node:child_process'
import { parseArgs } from 'node:util'

const { values } = parseArgs({ options: { seed: { type: 'string' }, minutes: { type: 'string' }, grounds: { type: 'string' } } })
const minutes = values.minutes ?? '2'
const known = ['embedded', 'postgres', 'jetstream']
const grounds = values.grounds ?? 'jetstream,embedded,postgres'
const wrong = [
  ...(Number(minutes) > 0 ? [] : [`--minutes ${minutes} is no number of minutes`]),
  ...grounds.split(',').filter((ground) => !known.includes(ground)).map((ground) => `--grounds ${ground}: known are ${known.join(', ')}`),
]
if (wrong.length > 0) {
  console.error(wrong.join('\n'))
  process.exit(2)
}
const seed = values.seed ?? String(Date.now())
console.log(`seed ${seed}`)
const child = spawn('npx', ['vitest', 'run', 'test/faults'], {
  stdio: 'inherit', env: { ...process.env, TIDEMARK_FAULTS_SEED: seed, TIDEMARK_FAULTS_MINUTES: minutes, TIDEMARK_FAULTS_GROUNDS: grounds },
})
child.on('exit', (code) => (process.exitCode = code ?? 1))

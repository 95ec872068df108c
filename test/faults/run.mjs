/**
 * `npm run test:faults -- [--seed S] [--minutes M] [--grounds embedded,postgres,jetstream] [--kills tracker=200,nats=50] [--slack F]
 * [--only WORDS]`: the programme of faults, as long as it is wanted, or with so many kills. What can be counted stands in plan.ts. `--slack` is how much
 * longer than on a quiet machine recovery may take, `--only` what the names of mishaps are to contain. The last line says PASS or FAIL.
 */
import { spawn } from 'node:child_process'
import { parseArgs } from 'node:util'

const { values } = parseArgs({ options: { seed: { type: 'string' }, minutes: { type: 'string' }, grounds: { type: 'string' }, kills: { type: 'string' }, slack: { type: 'string' }, only: { type: 'string' } } })
const minutes = values.minutes ?? '2'
const known = ['embedded', 'postgres', 'jetstream']
const grounds = values.grounds ?? 'jetstream,embedded,postgres'
const wrong = [
  ...(Number(minutes) > 0 ? [] : [`--minutes ${minutes} is no number of minutes`]),
  ...(values.slack === undefined || Number(values.slack) >= 1 ? [] : [`--slack ${values.slack} is no number from 1 on`]),
  ...(values.kills === undefined || /^[a-z]+=\d+(,[a-z]+=\d+)*$/.test(values.kills) ? [] : [`--kills ${values.kills}: it looks like tracker=200,postgres=50,nats=50,splitbrain=20`]),
  ...grounds.split(',').filter((ground) => !known.includes(ground)).map((ground) => `--grounds ${ground}: known are ${known.join(', ')}`),
]
if (wrong.length > 0) {
  console.error(wrong.join('\n'))
  process.exit(2)
}
const seed = values.seed ?? String(Date.now())
console.log(`seed ${seed}`)
const child = spawn('npx', ['vitest', 'run', 'test/faults'], {
  stdio: 'inherit', env: {
    ...process.env, TIDEMARK_FAULTS_SEED: seed, TIDEMARK_FAULTS_MINUTES: minutes, TIDEMARK_FAULTS_GROUNDS: grounds,
    ...(values.only === undefined ? {} : { TIDEMARK_FAULTS_ONLY: values.only }),
    ...(values.kills === undefined ? {} : { TIDEMARK_FAULTS_KILLS: values.kills }), ...(values.slack === undefined ? {} : { TIDEMARK_FAULTS_SLACK: values.slack }),
  },
})
child.on('exit', (code) => {
  process.exitCode = code ?? 1
  console.log(`${code === 0 ? 'PASS' : 'FAIL'}: seed ${seed}`)
})

/** The process that kill.test.ts kills: the built service with the settings of its one argument, as JSON; says its address when it answers. */
import { createApp } from '../../apps/tracker/dist/main.js'
import { readSettings } from '../../apps/tracker/dist/config.js'

const { environment, clockScale } = JSON.parse(process.argv[2])
const app = await createApp({ ...readSettings(environment), clockScale })
process.stdout.write(`ready ${app.url}\n`)

/** The process that tests kill: the built service with the settings of its one argument, as JSON; says its address when it answers. */
import { migrations } from '@tidemark/migrations'
import { createApp } from '../../apps/tracker/dist/main.js'
import { readSettings } from '../../apps/tracker/dist/config.js'

const { environment, clockScale, laterMigrations = [] } = JSON.parse(process.argv[2])
migrations.push(...laterMigrations)
const app = await createApp({ ...readSettings(environment), clockScale })
process.stdout.write(`ready ${app.url}\n`)

import type { Instance } from '@tidemark/api'
import { TrackerError } from '../problem.js'
import type { Database } from '../store/database.js'
import { lookUp, lookUpTogether } from '../store/look-up.js'
import { readAlertsOfInstance } from '../store/read/alerts.js'
import { readCommandsOfInstance } from '../store/read/commands.js'
import { readDeviations, readUnitEvents } from '../store/read/instance-parts.js'
import { readInstance, type InstanceDetailRow } from '../store/read/instances.js'
import { readCallersOf, showCallers } from './calls.js'
import { explain, showEntry } from './explain.js'
import { followAgain, readStored } from './follow-again.js'
import { found, uuidOrUndefined } from './not-found.js'
import { pastCommands, pastDeviations, pastEntries, pastRow } from './past-instance.js'
import { describeDeviation } from './plain-words.js'
import { nameOf } from './processes.js'
import type { Processes } from './processes.js'
import { showAlert, versionOfAlert } from './show-alert.js'
import { showCommand } from './show-command.js'
import { showInstance } from './show-instance.js'
import { rfc3339 } from './times.js'

/** Beyond this many entries a run is `oversized`, so no more are ever folded together. */
const UNIT_ENTRIES = 10_000
/** A person reads so many; the lists have the rest. */
const ALERTS = 50
const COMMANDS = 200

/**
 * All about one instance, by its id or one that it had before.
 * @param at a moment of the past; absent: now
 */
export async function showInstancePage(db: Database, processes: Processes, id: string, clock: number, at?: number): Promise<Instance> {
  const uuid = uuidOrUndefined(id)
  const first = found(uuid === undefined ? undefined : await lookUp(db, (tx) => readInstance(tx, uuid)), 'instance', id, '/api/v1/instances')
  const { now, stored, ofUnit, deviationsNow, alertsNow, commands, callers } = await readPage(db, first)
  const moment = at ?? clock
  const view = (await followAgain(db, processes, now.model, [now], moment, at !== undefined, stored)).get(now.id)
  if (at !== undefined && view === undefined) throw new TrackerError('instanceNotBegun', 404, `The instance had not begun at ${rfc3339(at)}: it began at ${rfc3339(now.started_at)}.`)
  const then = at === undefined ? undefined : view
  const row = then === undefined ? now : pastRow(now, then, moment)
  const process = await processes.get(row.model, row.version)
  const entries = ofUnit.filter(({ instance }) => instance === row.id)
  const deviations = then === undefined ? deviationsNow : pastDeviations(then)
  // Alerts are looked after now; what they were then is not kept.
  const alerts = then === undefined ? alertsNow : []
  const processOf = await processes.load(alerts.map(versionOfAlert))
  const { undecided, instances, ...explained } = await explain(db, view, process, moment)
  const calledBy = await showCallers(db, processes, row, callers)
  const shown = showInstance(row, process)
  return {
    ...shown,
    tokens: shown.tokens.map((token) => {
      const open = undecided.get(token.element)
      const counted = instances.get(token.element)
      return {
        ...token,
        ...(open === undefined ? {} : { undecided: open.map((element) => nameOf(process, element)) }),
        ...(counted === undefined ? {} : { instances: counted }),
      }
    }),
    modelName: process?.process.name ?? row.model,
    at: rfc3339(moment), ...(at === undefined ? {} : { past: true }),
    ...explained,
    calledBy,
    events: (then === undefined ? entries : pastEntries(entries, then, moment)).map((entry) => showEntry(entry, process)),
    deviationList: deviations.map(({ kind, element, item, at: since, count, provisional, accepted }) => ({
      kind: kind as Instance['deviationList'][number]['kind'], element, name: nameOf(process, element), at: rfc3339(since), count, provisional, accepted,
      text: describeDeviation(kind, nameOf(process, element), count), ...(item === '' ? {} : { item }),
    })),
    alerts: alerts.map((alert) => showAlert(alert, processOf(versionOfAlert(alert)), clock)),
    commands: (then === undefined ? commands : pastCommands(commands, then)).map((command) => showCommand(command, process)),
    variables: row.variables,
  }
}

/** All that the page shows, of one moment. An instance that was found may have another id by then, or be gone. */
async function readPage(db: Database, first: InstanceDetailRow) {
  for (let { id, unit, model } = first; ; ) {
    const [row, stored, ofUnit, deviationsNow, alertsNow, commands, callers] = await lookUpTogether(db, (tx) => Promise.all([
      readInstance(tx, id), readStored(tx, model, [unit]), readUnitEvents(tx, unit, UNIT_ENTRIES), readDeviations(tx, id),
      readAlertsOfInstance(tx, id, ALERTS), readCommandsOfInstance(tx, id, COMMANDS), readCallersOf(tx, model),
    ]))
    const now = found(row, 'instance', id, '/api/v1/instances')
    if (now.id === id && now.unit === unit) return { now, stored, ofUnit, deviationsNow, alertsNow, commands, callers }
    ;({ id, unit, model } = now)
  }
}

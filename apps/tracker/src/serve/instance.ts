import type { Instance } from '@tidemark/api'
import type { Database } from '../store/database.js'
import { readAlertsOfInstance } from '../store/read/alerts.js'
import { readCommandsOfInstance } from '../store/read/commands.js'
import { readDeviations, readUnitEvents } from '../store/read/instance-parts.js'
import { readInstance, readKeys } from '../store/read/instances.js'
import { showCallers } from './calls.js'
import { explain, showEntry } from './explain.js'
import { found, uuidOrUndefined } from './not-found.js'
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

/** All about one instance, by its id or one that it had before. */
export async function showInstancePage(db: Database, processes: Processes, id: string, clock: number): Promise<Instance> {
  const uuid = uuidOrUndefined(id)
  const row = found(uuid === undefined ? undefined : await readInstance(db, uuid), 'instance', id, '/api/v1/instances')
  const process = await processes.get(row.model, row.version)
  const keys = await readKeys(db, [row.unit])
  const entries = await readUnitEvents(db, row.unit, UNIT_ENTRIES)
  const deviations = await readDeviations(db, row.id)
  const alerts = await readAlertsOfInstance(db, row.id, ALERTS)
  const commands = await readCommandsOfInstance(db, row.id, COMMANDS)
  const processOf = await processes.load(alerts.map(versionOfAlert))
  const { undecided, ...explained } = await explain(db, processes, row, clock)
  const calledBy = await showCallers(db, processes, row)
  const shown = showInstance(row, keys, process)
  return {
    ...shown,
    tokens: shown.tokens.map((token) => {
      const open = undecided.get(token.element)
      return open === undefined ? token : { ...token, undecided: open.map((element) => nameOf(process, element)) }
    }),
    modelName: process?.process.name ?? row.model,
    at: rfc3339(clock),
    ...explained,
    calledBy,
    events: entries.filter(({ instance }) => instance === row.id).map((entry) => showEntry(entry, process)),
    deviationList: deviations.map(({ kind, element, at, count, provisional, accepted }) => ({
      kind: kind as Instance['deviationList'][number]['kind'], element, name: nameOf(process, element), at: rfc3339(at), count, provisional, accepted,
      text: describeDeviation(kind, nameOf(process, element), count),
    })),
    alerts: alerts.map((alert) => showAlert(alert, processOf(versionOfAlert(alert)), clock)),
    commands: commands.map((command) => showCommand(command, process)),
    variables: row.variables,
  }
}

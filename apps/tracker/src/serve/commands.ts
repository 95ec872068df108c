import { CommandStatus } from '@tidemark/api'
import type { CommandQuery, CommandSummary, Page, PersonAction } from '@tidemark/api'
import { TrackerError } from '../problem.js'
import type { Database } from '../store/database.js'
import { hurryCommand } from '../store/deliver/commands.js'
import { readCommand, readCommands } from '../store/read/commands.js'
import type { CommandRow } from '../store/read/commands.js'
import { act } from './act.js'
import type { ActContext } from './act.js'
import type { Answer } from './answer.js'
import { cursorPart, decodeCursor, pageOfRows } from './cursor.js'
import { found, uuidOrUndefined } from './not-found.js'
import type { Processes } from './processes.js'
import { showCommand } from './show-command.js'

export interface CommandsContext {
  readonly db: Database
  readonly processes: Processes
}

/** A page of commands, the latest decision first. */
export async function listCommands({ db, processes }: CommandsContext, query: CommandQuery): Promise<Page<CommandSummary>> {
  const { status, model, limit } = query
  const instance = query.instance === undefined ? undefined : uuidOrUndefined(query.instance)
  if (query.instance !== undefined && instance === undefined) return { items: [] }
  const [decidedAt, id] = query.cursor === undefined ? [] : decodeCursor(query.cursor, [cursorPart.number, cursorPart.uuid])
  const below = decidedAt === undefined || id === undefined ? undefined : { decidedAt, id }
  const statuses = [...new Set(status ?? CommandStatus.options)]
  const rows = await readCommands(db, { statuses, model, instance, below }, limit + 1)
  const processOf = await processes.load(rows)
  return pageOfRows(rows, limit, (row) => showCommand(row, processOf(row)), (row) => [row.decided_at, row.id])
}

export async function findCommand({ db, processes }: CommandsContext, id: string): Promise<CommandSummary> {
  const row = await find(db, id)
  return showCommand(row, await processes.get(row.model, row.version))
}

/** What a person may do with a command, and the statuses that allow it. */
const actions = {
  approve: { op: 'approveCommand', from: ['proposed'], refusal: 'Only a proposed command can be approved' },
  reject: { op: 'rejectCommand', from: ['proposed'], refusal: 'Only a proposed command can be rejected' },
  retry: { op: 'retryCommand', from: ['failed', 'dead'], refusal: 'Only a failed or dead command can be retried' },
} as const

export async function actOnCommand(
  context: CommandsContext & ActContext, id: string, action: keyof typeof actions, { by, comment }: PersonAction,
): Promise<Answer<CommandSummary>> {
  const row = await find(context.db, id)
  const { op, from, refusal } = actions[action]
  if (!(from as readonly string[]).includes(row.status)) throw new TrackerError('commandStatus', 409, `${refusal}, and this one is ${row.status}.`)
  const operation = { op, command: row.id, model: row.model, key: row.key, by, ...(comment === undefined ? {} : { comment }) }
  return act(context, operation, `/api/v1/commands/${row.id}`, async () => {
    // When the next attempt is made is the courier's own book-keeping, which the log does not hold.
    if (action === 'retry') await hurryCommand(context.db, row.id)
    return findCommand(context, row.id)
  })
}

async function find(db: Database, id: string): Promise<CommandRow> {
  const uuid = uuidOrUndefined(id)
  return found(uuid === undefined ? undefined : await readCommand(db, uuid), 'command', id, '/api/v1/commands')
}

import type { Log } from '@tidemark/log'
import type { Database } from '../store/database.js'
import { claimCommands, holdCommand, recordCommandFailure } from '../store/deliver/commands.js'
import type { ClaimedCommand } from '../store/deliver/commands.js'
import type { SettlementEntry } from '../store/entries.js'
import type { Committed } from '../store/progress.js'
import type { Outcome } from './attempt.js'
import { commandEvent } from './command-event.js'
import type { Outbox } from './courier.js'

/** Until the settlement is folded, which takes a fraction of a second: a day is for ever, and still mends itself. */
const HOLD_SECONDS = 86_400

/** How a command gets to its service. */
export interface CommandWay {
  readonly name: string
  /** Undefined: this way does not lead to that service. Never throws. */
  send(command: ClaimedCommand, body: string, signal: AbortSignal): Promise<Outcome> | undefined
}

/**
 * Commands on their way to services. The first way that leads to the service settles the command; further ones get a copy, at most once.
 * The settlement is appended to the log; its fold writes the status that people see.
 */
export class CommandOutbox implements Outbox<ClaimedCommand> {
  constructor(private readonly db: Database, private readonly log: Log, private readonly ways: readonly CommandWay[]) {}

  claim(leaseSeconds: number, limit: number): Promise<ClaimedCommand[]> {
    return claimCommands(this.db, leaseSeconds, limit)
  }

  async send(command: ClaimedCommand, signal: AbortSignal): Promise<Outcome> {
    const body = JSON.stringify(commandEvent(command))
    const [first, ...copies] = this.ways.flatMap((way) => way.send(command, body, signal) ?? [])
    if (first === undefined) return { kind: 'dead', error: `No address for service ${command.target ?? '(none named in the model)'}: set TIDEMARK_COMMAND_URLS.` }
    await Promise.all(copies)
    return first
  }

  async settle(command: ClaimedCommand, outcome: 'delivered' | 'dead', error: string | undefined): Promise<void> {
    const entry: SettlementEntry = {
      what: 'commandSettled', command: command.id, model: command.model, key: command.key, outcome, attempts: command.attempts,
      ...(error === undefined ? {} : { error }),
    }
    await this.log.append([{ kind: 'settlement', subject: 'settlement.command', payload: Buffer.from(JSON.stringify(entry)) }])
    await holdCommand(this.db, command.id, HOLD_SECONDS, error)
  }

  async postpone(command: ClaimedCommand, error: string, waitSeconds: number): Promise<void> {
    await recordCommandFailure(this.db, command.id, error, waitSeconds)
  }

  isTouchedBy(committed: Committed): boolean {
    return committed.commands
  }
}

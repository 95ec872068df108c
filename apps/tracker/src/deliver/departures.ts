/**
 * Commands leave: those whose moment has come are appended to the log as `commandLeft`, and only when that is folded does a courier take them.
 * So a command that was ever sent is in the log under its one key, and a rebuild sends nothing again.
 */
import { subjectFor } from '@tidemark/log'
import type { Draft, Log } from '@tidemark/log'
import type { Database } from '../store/database.js'
import { readLeaving } from '../store/deliver/commands.js'
import type { LeavingCommand } from '../store/deliver/commands.js'
import type { SettlementEntry } from '../store/entries.js'
import type { Progress } from '../store/progress.js'
import { commandEvent } from './command-event.js'
import type { HeadGate } from './head-gate.js'
import { Loop } from './loop.js'

/** In one batch of the log; the next pass takes the rest. */
const BATCH = 500
/** A command becomes due by the clock alone, so somebody must look. */
const LOOK_MS = 250
const SETTLE_MS = 20

export class Departures {
  readonly #loop: Loop

  constructor(
    private readonly db: Database, private readonly log: Log, private readonly progress: Progress, private readonly gate: HeadGate,
    private readonly outageWaitMs: number,
    onError: (error: unknown) => void,
  ) {
    this.#loop = new Loop(() => this.#pass(), { progress, wokenBy: (committed) => committed.commands, everyMs: LOOK_MS, settleMs: SETTLE_MS, onError })
  }

  start(): void {
    this.#loop.start()
  }

  stop(): Promise<void> {
    return this.#loop.stop()
  }

  async #pass(): Promise<void> {
    if (!this.progress.standing.leads || !this.gate.isOpen) return
    const leaving = await readLeaving(this.db, this.progress.clock, BATCH, this.outageWaitMs)
    // Another may have taken over meanwhile.
    if (leaving.length === 0 || !this.progress.standing.leads) return
    const { last } = await this.log.append(leaving.map(departure))
    this.gate.waitFor(last)
  }
}

function departure(command: LeavingCommand): Draft {
  const entry: SettlementEntry = {
    what: 'commandLeft', command: command.id, model: command.model, key: command.key, element: command.element, cause: command.cause,
    event: commandEvent(command),
  }
  return {
    // Two that think they lead say it once: a repetition of what has a key is not appended.
    kind: 'settlement', subject: subjectFor('command', `${command.target ?? 'none'}.${command.type}`), key: `/tidemark\0left ${command.id}`, payload: Buffer.from(JSON.stringify(entry)),
  }
}

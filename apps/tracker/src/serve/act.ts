/** What people do is an entry in the log, never a write to the tables; the answer waits until it is folded. */
import type { Log } from '@tidemark/log'
import { FOLD_WAIT_MS } from './fold-wait.js'
import type { OperationEntry } from '../store/entries.js'
import type { Progress } from '../store/progress.js'
import type { Answer } from './answer.js'

export interface ActContext {
  readonly log: Log
  readonly progress: Progress
}

/**
 * Appends what a person did. 200 with how it is then, once folded; 202 with where to look, when that takes longer.
 * @param show reads what the answer shows
 */
export async function act<Body>(
  { log, progress }: ActContext, operation: OperationEntry, location: string, show: () => Promise<Body>,
): Promise<Answer<Body>> {
  const { last } = await log.append([{ kind: 'operation', subject: `operation.${operation.op}`, payload: Buffer.from(JSON.stringify(operation)) }])
  const folded = await progress.reached(last, FOLD_WAIT_MS)
  return folded ? { status: 200, body: await show() } : { status: 202, location, body: await show() }
}

/** What queries of our own need of pg's client. */
import type { Connection } from 'pg'

/** What pg's own types leave out of its connection. */
export interface WireConnection extends Connection {
  parse(query: { readonly text: string; readonly name?: string | undefined }): void
  bind(query: { readonly statement?: string | undefined }): void
  describe(what: { readonly type: 'P'; readonly name: string }): void
  execute(what: { readonly portal: string }): void
  endCopyFrom(): void
  sync(): void
  readonly parsedStatements: Record<string, string>
  readonly submittedNamedStatements: Record<string, string>
}

/** Has the server parse a statement, unless it has it by its name. */
export function parseOnce(connection: WireConnection, text: string, name: string | undefined): void {
  if (name === undefined) return connection.parse({ text })
  if (connection.parsedStatements[name] !== undefined || connection.submittedNamedStatements[name] !== undefined) return
  connection.parse({ text, name })
  // The client takes it from there once the server has said so.
  connection.submittedNamedStatements[name] = text
}

/** The answer of a query that tells it by a callback. */
export function answerOf<Answer>(issue: (done: (error: Error | undefined, answer: Answer) => void) => unknown): Promise<Answer> {
  return new Promise((resolve, reject) => void issue((error, answer) => (error ? reject(error) : resolve(answer))))
}

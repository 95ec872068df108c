import { Query, type PoolClient } from 'pg'
import { answerOf, parseOnce, type WireConnection } from './wire.js'

/**
 * Rows on their way into a table by COPY: a third of the cost of an insert from arrays (no arrays to parse, whole pages of rows at once). The
 * rows are sent with the statement, without waiting to be asked for them, so that it shares its round trip with the statements around it; where
 * the statement fails, a server ignores them.
 * @param rows in the format that the statement names
 */
export function copyIn(client: PoolClient, sql: string, rows: Uint8Array): Promise<void> {
  return answerOf<void>((done) => client.query(new CopyIn(sql, rows, (error) => done(error))))
}

/** The answer of a `copy ... to stdout`, whole: the statement bounds it, and names the format. */
export function copyOut(client: PoolClient, sql: string): Promise<Buffer> {
  return answerOf((done) => {
    const query = new CopyOut(sql, (error) => done(error, Buffer.concat(query.chunks)))
    client.query(query)
  })
}

/** What stands before rows in a message of theirs; the rows themselves are not copied into it. */
function headOf(rows: Uint8Array): Buffer {
  const head = Buffer.allocUnsafe(5)
  head[0] = 0x64
  head.writeInt32BE(4 + rows.length, 1)
  return head
}

/** A pipeline takes only pg's own queries, as one that keeps a portal open would mix up the answers. This one keeps none. */
class CopyIn extends Query {
  constructor(sql: string, rows: Uint8Array, done: (error: Error | undefined) => void) {
    super({ text: sql }, undefined, done)
    this.submit = (connection) => {
      const { stream } = connection
      // In one piece: the embedded database reads what it is handed and cannot wait for more.
      stream.cork()
      connection.query(sql)
      stream.write(headOf(rows))
      stream.write(rows)
      ;(connection as WireConnection).endCopyFrom()
      stream.uncork()
    }
  }

  handleCopyInResponse(): void {}
}

/** {@link copyIn} by the extended protocol, whose statements stand behind each other without a word from the server. */
export class CopyInTrip extends Query {
  constructor(sql: string, rows: Uint8Array, name: string | undefined, done: (error: Error | undefined) => void) {
    super({ text: sql, ...(name === undefined ? {} : { name }) }, undefined, done)
    this.submit = (own) => {
      const connection = own as WireConnection
      parseOnce(connection, sql, name)
      connection.bind({ statement: name })
      connection.execute({ portal: '' })
      connection.stream.write(headOf(rows))
      connection.stream.write(rows)
      connection.endCopyFrom()
    }
  }
}

class CopyOut extends Query {
  readonly chunks: Buffer[] = []

  constructor(sql: string, done: (error: Error | undefined) => void) {
    super({ text: sql }, undefined, done)
    this.submit = (connection) => void connection.query(sql)
  }

  /** The bytes stand in the parser's own buffer, which it uses again. */
  handleCopyData({ chunk }: { readonly chunk: Uint8Array }): void {
    this.chunks.push(Buffer.from(chunk))
  }
}

import { Query, type QueryResult } from 'pg'
import { parseOnce, type WireConnection } from './wire.js'

/** Less is copied into one message by the client, which is quicker than a write of many pieces. */
const LEAST_BYTES = 32 * 1024

export interface Statement {
  readonly text: string
  readonly values?: readonly unknown[] | undefined
  /** Under which the server keeps it; absent: it does not. */
  readonly name?: string | undefined
}

/** It is {@link isPlain}, and its columns are much in all. */
export function isLarge(statement: Statement): boolean {
  return (statement.values ?? []).reduce<number>((sum, param) => (param instanceof Uint8Array ? sum + param.length : sum), 0) >= LEAST_BYTES && isPlain(statement)
}

/** Its parameters are columns in Postgres's binary format, and texts, numbers and nulls between them. */
export function isPlain({ values = [] }: Statement): boolean {
  return values.every(isPlainValue)
}

type Plain = Uint8Array | string | number | bigint | null

function isPlainValue(param: unknown): param is Plain {
  return param === null || param instanceof Uint8Array || typeof param === 'string' || typeof param === 'number' || typeof param === 'bigint'
}

/** Of a statement that {@link isPlain}. Its parameters go to the socket as they are. pg copies them into a message, which is as much memory again, held until the server has read it. */
export class PlainQuery extends Query {
  constructor({ text, name, values }: Statement, done: (error: Error | undefined, result: QueryResult) => void) {
    super({ text, ...(name === undefined ? {} : { name }) }, undefined, done as (error: Error | undefined) => void)
    let params = (values ?? []) as readonly Plain[]
    this.submit = (own) => {
      const connection = own as WireConnection
      const { stream } = connection
      stream.cork()
      parseOnce(connection, text, name)
      for (const piece of bindMessage(params, name)) stream.write(piece)
      params = []
      connection.describe({ type: 'P', name: '' })
      connection.execute({ portal: '' })
      connection.sync()
      stream.uncork()
    }
  }
}

/**
 * Bind, of a statement to the nameless portal, with results as text, in pieces.
 * https://www.postgresql.org/docs/current/protocol-message-formats.html
 */
export function bindMessage(params: readonly Plain[], name = ''): readonly Uint8Array[] {
  const values = params.map((param) => (param === null || param instanceof Uint8Array ? param : Buffer.from(String(param))))
  const head = Buffer.alloc(1 + 4 + 1 + Buffer.byteLength(name) + 1 + 2 + 2 * params.length + 2)
  head[0] = 0x42
  head.writeInt32BE(head.length - 1 + values.reduce((sum, value) => sum + 4 + (value?.length ?? 0), 0) + 4, 1)
  let at = head.writeInt16BE(params.length, 6 + head.write(name, 6) + 1)
  for (const param of params) at = head.writeInt16BE(param instanceof Uint8Array ? 1 : 0, at)
  head.writeInt16BE(params.length, at)
  return [head, ...values.flatMap((value) => (value === null ? [lengthOf(-1)] : [lengthOf(value.length), value])), RESULTS_AS_TEXT]
}

const RESULTS_AS_TEXT = Buffer.from([0, 1, 0, 0])

function lengthOf(bytes: number): Buffer {
  const length = Buffer.allocUnsafe(4)
  length.writeInt32BE(bytes)
  return length
}

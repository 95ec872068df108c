import type { Database, Queryable, TransactionOptions } from './database.js'
import { giveBack } from './lent-memory.js'

const LOOK_UP: TransactionOptions = { byKey: true, atOnce: true, readsOnly: true }

/**
 * Rows by their keys, in one trip, with plans that are kept: the function issues all its statements before it first waits for an answer, and none of them
 * has a column of another as a parameter. Each sees its own moment, so that one that waited for a table sees what was made of it.
 */
export function lookUp<T>(db: Database, read: (tx: Queryable) => Promise<T>): Promise<T> {
  return inOneTrip(db, read, LOOK_UP)
}

/** As {@link lookUp}, and all of one moment: for people to read. */
export function lookUpTogether<T>(db: Database, read: (tx: Queryable) => Promise<T>): Promise<T> {
  return inOneTrip(db, read, { ...LOOK_UP, seesOneMoment: true })
}

async function inOneTrip<T>(db: Database, read: (tx: Queryable) => Promise<T>, options: TransactionOptions): Promise<T> {
  const lent: Uint8Array[] = []
  const found = await db.transaction((tx) => read({
    query: (sql, params = []) => {
      for (const param of params) if (param instanceof Uint8Array) lent.push(param)
      return tx.query(sql, params)
    },
  }), options)
  // Only now is nothing of it on its way.
  for (const column of lent) giveBack(column)
  return found
}

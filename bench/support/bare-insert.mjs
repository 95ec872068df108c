/**
 * The least that writing these rows can cost a client that inserts in batches: all rows of the tables, read out and inserted again into empty
 * copies with the same indexes, 1,000 at a time, from arrays by `unnest`, one transaction per batch. Only the inserts are timed.
 */
const BATCH = 1_000
/** Of the table, read at a time: a range of blocks needs no sorting. */
const BLOCKS = 64

/** @param database as openDatabase makes it; nobody else may be using it */
export async function bareInsert(database, tables) {
  const answer = {}
  for (const table of tables) {
    const columns = await database.query(
      `select column_name as name, udt_name as type from information_schema.columns where table_name = $1 and table_schema = 'public' order by ordinal_position`, [table])
    await database.query(`drop table if exists bare_${table}`)
    await database.query(`create table bare_${table} (like ${table} including all)`)
    const names = columns.map(({ name }) => name).join(', ')
    const arrays = columns.map(({ type }, index) => `$${index + 1}::${castOf(type).through}[]`).join(', ')
    const selected = columns.map(({ name, type }) => `${name}${castOf(type).to}`).join(', ')
    const insert = `insert into bare_${table} (${names}) select ${selected} from unnest(${arrays}) as row (${names})`
    let [rows, ms] = [0, 0]
    const [{ blocks }] = await database.query(`select pg_relation_size($1::regclass) / 8192 as blocks`, [table])
    for (let block = 0; block < Number(blocks); block += BLOCKS) {
      const page = await database.query(`${select(columns, table)} where ctid >= $1::tid and ctid < $2::tid`, [`(${block},0)`, `(${block + BLOCKS},0)`])
      for (let from = 0; from < page.length; from += BATCH) {
        const batch = page.slice(from, from + BATCH)
        const params = columns.map(({ name }) => batch.map((row) => row[name]))
        const began = performance.now()
        await database.transaction((tx) => tx.query(insert, params), { synchronousCommit: false })
        ms += performance.now() - began
        rows += batch.length
      }
    }
    await database.query(`drop table bare_${table}`)
    answer[table] = { rows, seconds: ms / 1_000 }
  }
  return answer
}

function select(columns, table) {
  return `select ${columns.map(({ name, type }) => `${name}${castOf(type).out}`).join(', ')} from ${table}`
}

/** How a column travels: JSON and arrays as text, so that an array of them is an array of texts. */
function castOf(type) {
  if (type === 'json' || type === 'jsonb' || type.startsWith('_')) {
    const name = type.startsWith('_') ? `${type.slice(1)}[]` : type
    return { through: 'text', to: `::${name}`, out: '::text' }
  }
  return { through: type, to: '', out: '' }
}

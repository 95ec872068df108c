import classes from './json.module.css'

/** Deeper or longer than this is cut, and says so: a variable may be of any size. */
const maxDepth = 12
const maxEntries = 200
const maxTextChars = 2_000

/** JSON as a tree that opens and closes; the first two levels are open. */
export function Json({ value, depth = 0 }: { value: unknown; depth?: number }) {
  if (value === null || typeof value !== 'object') return <Leaf value={value} />
  const entries = Object.entries(value)
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}']
  if (entries.length === 0) return <span className={classes.leaf}>{open + close}</span>
  if (depth >= maxDepth) return <span className={classes.more}>{open} … {close} deeper than shown here</span>
  return (
    <details className={classes.node} open={depth < 2}>
      <summary className={classes.summary}>
        {open}<span className={classes.more}> {entries.length} {entries.length === 1 ? 'entry' : 'entries'} </span>{close}
      </summary>
      <ul className={classes.entries}>
        {entries.slice(0, maxEntries).map(([name, child]) => (
          <li key={name}><span className={classes.name}>{name}</span><Json value={child} depth={depth + 1} /></li>
        ))}
        {entries.length > maxEntries && <li className={classes.more}>and {entries.length - maxEntries} more</li>}
      </ul>
    </details>
  )
}

function Leaf({ value }: { value: unknown }) {
  const text = typeof value === 'string' ? value : String(value)
  const kind = value === null ? 'null' : typeof value
  return (
    <span className={classes.leaf} data-kind={kind}>
      {text.slice(0, maxTextChars)}
      {text.length > maxTextChars && <span className={classes.more}> … {text.length - maxTextChars} more characters</span>}
    </span>
  )
}

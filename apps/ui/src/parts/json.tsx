import type { ReactNode } from 'react'
import classes from './json.module.css'

/** Deeper or longer than this is cut, and says so: a variable may be of any size. */
const maxDepth = 12
const maxEntries = 200
const maxTextChars = 2_000
/** What is larger is closed at first. */
const openEntries = 12

/** JSON as a tree that opens and closes; the first two levels are open. */
export function Json({ value }: { value: unknown }) {
  return (
    <div className={classes.json}>
      {isTree(value) && Object.keys(value).length > 0 ? <Entries value={value} depth={0} /> : <Leaf value={value} />}
    </div>
  )
}

function Entries({ value, depth }: { value: object; depth: number }) {
  const entries = Object.entries(value)
  return (
    <ul className={classes.entries}>
      {entries.slice(0, maxEntries).map(([name, child]) => <li key={name}><Entry name={name} value={child} depth={depth} /></li>)}
      {entries.length > maxEntries && <li className={classes.more}>and {entries.length - maxEntries} more</li>}
    </ul>
  )
}

function Entry({ name, value, depth }: { name: string; value: unknown; depth: number }): ReactNode {
  const label = <span className={classes.name}>{name}</span>
  if (!isTree(value) || Object.keys(value).length === 0) return <>{label}<Leaf value={value} /></>
  const count = Object.keys(value).length
  const size = <span className={classes.more}>{Array.isArray(value) ? `[${count}]` : `{${count}}`}</span>
  if (depth >= maxDepth) return <>{label}{size}<span className={classes.more}> deeper than shown here</span></>
  return (
    <details open={depth < 1 && count <= openEntries}>
      <summary className={classes.summary}>{label}{size}</summary>
      <Entries value={value} depth={depth + 1} />
    </details>
  )
}

function Leaf({ value }: { value: unknown }) {
  const text = isTree(value) ? (Array.isArray(value) ? '[]' : '{}') : String(value)
  return (
    <span className={classes.leaf} data-kind={value === null ? 'null' : typeof value}>
      {text.slice(0, maxTextChars)}
      {text.length > maxTextChars && <span className={classes.more}> … {text.length - maxTextChars} more characters</span>}
    </span>
  )
}

function isTree(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

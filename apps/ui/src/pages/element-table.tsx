import type { ElementFlow, Flow } from '@tidemark/api'
import { useState } from 'react'
import { Empty } from '../parts/empty.js'
import type { Lens } from '../search.js'
import { durationText } from '../times.js'
import classes from './flow.module.css'
import { elementTitle, kindText } from './words.js'

interface TableColumn {
  name: string
  value: (element: ElementFlow) => number | undefined
  show: (value: number) => string
  sign?: string
}

const count = (value: number): string => value.toLocaleString('en')
const columns: readonly TableColumn[] = [
  { name: 'Here', value: ({ tokens }) => tokens, show: count },
  { name: 'Stuck', value: ({ stuck }) => stuck, show: count, sign: 'stuck' },
  { name: 'Late', value: ({ late }) => late, show: count, sign: 'late' },
  { name: 'Off the path', value: ({ deviating }) => deviating, show: count, sign: 'deviating' },
  { name: 'Wait p50', value: ({ waitP50Ms }) => waitP50Ms, show: durationText },
  { name: 'Wait p95', value: ({ waitP95Ms }) => waitP95Ms, show: durationText },
  { name: 'Longest', value: ({ waitMaxMs }) => waitMaxMs, show: durationText },
  { name: 'Visits', value: ({ visits }) => visits, show: count },
  { name: 'Duration p50', value: ({ durationP50Ms }) => durationP50Ms, show: durationText },
  { name: 'Duration p95', value: ({ durationP95Ms }) => durationP95Ms, show: durationText },
]
const firstSort: Record<Lens, string> = { counts: 'Here', waits: 'Wait p95', durations: 'Duration p95', visits: 'Visits' }

interface ElementTableProps {
  flow: Flow | undefined
  lens: Lens
  selected: string | undefined
  onSelect: (element: string) => void
  note?: string
}

/** The flow without its drawing: every element with its numbers, to be sorted. Also the way for who cannot use the canvas. */
export function ElementTable({ flow, lens, selected, onSelect, note }: ElementTableProps) {
  const [sort, setSort] = useState<string>()
  const by = columns.find(({ name }) => name === (sort ?? firstSort[lens]))!
  if (flow === undefined) return <div className={classes.tableWrap} />
  if (flow.elements.length === 0) return <Empty title="This model has no elements that can be followed" />
  const rows = [...flow.elements].sort((a, b) => (by.value(b) ?? -1) - (by.value(a) ?? -1))
  return (
    <div className={classes.tableWrap} data-testid="element-table">
      {note !== undefined && <p className={classes.note}>{note}</p>}
      <table className={classes.table}>
        <thead>
          <tr>
            <th scope="col">Element</th><th scope="col">Kind</th>
            {columns.map((column) => (
              <th key={column.name} scope="col" {...(column === by && { 'aria-sort': 'descending' as const })}>
                <button type="button" onClick={() => setSort(column.name)}>{column.name}{column === by && ' ↓'}</button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((element) => (
            <tr key={element.element} data-selected={element.element === selected || undefined} onClick={() => onSelect(element.element)}>
              <td><button type="button" title={element.element}>{elementTitle(element)}</button></td>
              <td>{kindText(element.kind)}</td>
              {columns.map((column) => <Figure key={column.name} column={column} element={element} />)}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Figure({ column: { value, show, sign }, element }: { column: TableColumn; element: ElementFlow }) {
  const figure = value(element)
  if (figure === undefined || figure === 0) return <td className={classes.zero}>–</td>
  return <td data-sign={sign}>{show(figure)}</td>
}

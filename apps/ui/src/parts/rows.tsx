import { Button, Loader } from '@mantine/core'
import { useViewportSize } from '@mantine/hooks'
import { useQueryClient, type InfiniteData, type UseInfiniteQueryResult } from '@tanstack/react-query'
import type { Page } from '@tidemark/api'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useMemo, useRef, useState, type ReactNode } from 'react'
import { IconArrowUp } from '../icons.js'
import { useChanges } from '../changes.js'
import { Empty } from './empty.js'
import { ProblemNote } from './problem-note.js'
import classes from './rows.module.css'

export interface Column<T> {
  name: string
  /** A track of a CSS grid. */
  width: string
  cell: (row: T) => ReactNode
  align?: 'right'
  /** Left out where the window is narrower. */
  fromPx?: number
}

interface RowsProps<T> {
  label: string
  query: UseInfiniteQueryResult<InfiniteData<Page<T>>>
  queryKey: readonly unknown[]
  columns: readonly Column<T>[]
  idOf: (row: T) => string
  /** A click anywhere on the row; the first cell carries the link or button for the keyboard. */
  onOpen?: (row: T) => void
  selected?: string | undefined
  empty: ReactNode
  rowPx?: number
}

/** Beyond this many rows nobody scrolls on, they narrow the filter; it also bounds what the tab holds. */
const maxRows = 6_000
const fetchAheadRows = 20
/** A filter may look through much of the log before it finds a row: after so many pages it asks before it goes on. */
const maxEmptyPages = 20

/** A keyset-paged list of any length: only the rows in sight are in the DOM, the next page is fetched before its turn comes. */
export function Rows<T>({ label, query, queryKey, columns, idOf, onOpen, selected, empty, rowPx = 40 }: RowsProps<T>) {
  const scroller = useRef<HTMLDivElement>(null)
  const rows = useMemo(() => query.data?.pages.flatMap(({ items }) => items) ?? [], [query.data])
  const { width } = useViewportSize()
  const shown = columns.filter(({ fromPx = 0 }) => width === 0 || width >= fromPx)
  const tracks = shown.map((column) => column.width).join(' ')
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => scroller.current, estimateSize: () => rowPx, overscan: 12 })
  const items = virtual.getVirtualItems()
  const last = items.at(-1)?.index ?? 0
  const [patience, setPatience] = useState(maxEmptyPages)
  const pages = query.data?.pages.length ?? 0
  const looking = rows.length === 0 && query.hasNextPage
  const more = query.hasNextPage && rows.length < maxRows && (!looking || pages < patience)

  useEffect(() => {
    if (more && !query.isFetchingNextPage && last >= rows.length - fetchAheadRows) void query.fetchNextPage()
  }, [more, last, rows.length, query])

  if (query.isPending) return <Skeletons rowPx={rowPx} />
  if (query.isError && rows.length === 0) return <ProblemNote error={query.error} again={() => void query.refetch()} />
  if (looking && more) return <Skeletons rowPx={rowPx} />
  if (looking)
    return (
      <Empty title="Nothing found so far">
        <Button onClick={() => setPatience(pages + maxEmptyPages)}>Look further back</Button>
      </Empty>
    )
  if (rows.length === 0) return <>{empty}</>
  return (
    <div className={classes.table} role="table" aria-label={label} aria-rowcount={more ? -1 : rows.length} data-testid="rows">
      <div className={classes.head} role="row" style={{ gridTemplateColumns: tracks }}>
        {shown.map(({ name, align }) => (
          <span key={name} role="columnheader" data-align={align}>
            {name}
          </span>
        ))}
      </div>
      <div className={classes.scroller} ref={scroller}>
        <Newer pages={pages} queryKey={queryKey} onShow={() => scroller.current?.scrollTo({ top: 0 })} />
        <div role="rowgroup" style={{ height: virtual.getTotalSize(), position: 'relative' }}>
          {items.map(({ index, start }) => {
            const row = rows[index]!
            return (
              <div
                key={idOf(row)}
                role="row"
                aria-rowindex={index + 1}
                className={classes.row}
                data-selected={idOf(row) === selected || undefined}
                data-open={onOpen !== undefined || undefined}
                style={{ gridTemplateColumns: tracks, height: rowPx, transform: `translateY(${start}px)` }}
                onClick={(event) => !(event.target as Element).closest('a, button') && onOpen?.(row)}
              >
                {shown.map(({ name, align, cell }) => (
                  <span key={name} role="cell" className={classes.cell} data-align={align}>
                    {cell(row)}
                  </span>
                ))}
              </div>
            )
          })}
        </div>
        <p className={classes.foot}>
          {footText(rows.length, query)}
          {query.isFetchingNextPage && <Loader size={12} />}
        </p>
      </div>
    </div>
  )
}

function footText(count: number, { hasNextPage, isFetchNextPageError }: { hasNextPage: boolean; isFetchNextPageError: boolean }): string {
  if (isFetchNextPageError) return 'The next rows could not be read. '
  if (hasNextPage && count >= maxRows) return `The first ${count.toLocaleString('en')} are shown. Narrow the filter to see others.`
  return hasNextPage ? '' : `${count.toLocaleString('en')} in all`
}

/** Who has scrolled further than a page reads: new rows are offered, not pushed under their eyes. */
function Newer({ pages, queryKey, onShow }: { pages: number; queryKey: readonly unknown[]; onShow: () => void }) {
  const client = useQueryClient()
  const [newer, setNewer] = useState(false)
  useChanges(() => pages > 1 && setNewer(true), 2_000)
  useEffect(() => {
    if (pages <= 1) setNewer(false)
  }, [pages])
  if (!newer || pages <= 1) return null
  const show = (): void => {
    onShow()
    setNewer(false)
    void client.resetQueries({ queryKey })
  }
  return (
    <div className={classes.newer}>
      <Button onClick={show} leftSection={<IconArrowUp size={14} />} radius="xl">
        Show what is new
      </Button>
    </div>
  )
}

function Skeletons({ rowPx }: { rowPx: number }) {
  return (
    <div className={classes.skeletons} aria-hidden="true">
      {Array.from({ length: 12 }, (_, index) => (
        <div key={index} style={{ height: rowPx }}>
          <span style={{ width: `${40 + ((index * 37) % 45)}%` }} />
        </div>
      ))}
    </div>
  )
}

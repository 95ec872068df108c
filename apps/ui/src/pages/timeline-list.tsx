import { Link } from '@tanstack/react-router'
import type { Instance } from '@tidemark/api'
import { useMemo } from 'react'
import { clockScale } from '../clock.js'
import { Moment } from '../parts/moment.js'
import { Section } from '../parts/page.js'
import { durationText } from '../times.js'
import classes from './instance.module.css'
import { timelineOf, type RowKind, type TimelineRow } from './timeline.js'

interface TimelineProps {
  instance: Instance
  hovered: string | undefined
  selected: string | undefined
  onHover: (element: string | undefined) => void
  onSelect: (element: string | undefined) => void
}

const kindTexts: Record<RowKind, string> = {
  fits: 'fits',
  redeemed: 'out of order',
  deviates: 'off the path',
  noted: 'noted',
  assumed: 'assumed',
  timer: 'timer',
  command: 'command',
  skipped: 'skipped',
  end: 'end',
}

/** Longer than this between two lines is worth a line of its own. */
const tellGapMs = 60_000
/** An instance may have ten thousand events; the first and the last of them are what is looked at. */
const maxRows = 600

/** What happened, in the order of event time, and how each event was read. */
export function Timeline({ instance, hovered, selected, onHover, onSelect }: TimelineProps) {
  const rows = useMemo(() => timelineOf(instance, clockScale()), [instance])
  const shown = rows.length <= maxRows ? rows : [...rows.slice(0, maxRows / 2), ...rows.slice(-maxRows / 2)]
  return (
    <Section title="What happened" count={instance.events.length}>
      <ol className={classes.timeline} data-testid="timeline">
        {shown.map((row, index) => (
          <li key={row.id}>
            {rows.length > maxRows && index === maxRows / 2 && (
              <p className={classes.gap}>{rows.length - maxRows} more events in between</p>
            )}
            <Gap before={shown[index - 1]} row={row} />
            <Row
              row={row}
              lit={row.element !== undefined && (row.element === hovered || row.element === selected)}
              onHover={onHover}
              onSelect={() => onSelect(row.element === selected ? undefined : row.element)}
            />
          </li>
        ))}
      </ol>
    </Section>
  )
}

function Row({
  row,
  lit,
  onHover,
  onSelect,
}: {
  row: TimelineRow
  lit: boolean
  onHover: (element: string | undefined) => void
  onSelect: () => void
}) {
  return (
    <div
      className={classes.row}
      data-kind={row.kind}
      data-lit={lit || undefined}
      data-testid="timeline-row"
      onMouseEnter={() => onHover(row.element)}
      onMouseLeave={() => onHover(undefined)}
      onClick={(event) => !(event.target as Element).closest('a') && onSelect()}
    >
      <span className={classes.dot} aria-hidden="true" />
      <span className={classes.when}>
        <Moment at={row.at} />
      </span>
      <div className={classes.what}>
        <p>
          {row.position === undefined ? (
            <b>{row.title}</b>
          ) : (
            <Link
              to="/events"
              search={{ event: row.position }}
              className="mono"
              onFocus={() => onHover(row.element)}
              onBlur={() => onHover(undefined)}
            >
              {row.title}
            </Link>
          )}
          {row.item !== undefined && <span className="dim"> {row.item}</span>}
          {row.kind !== 'fits' && row.kind !== 'end' && <span className={classes.kind}>{kindTexts[row.kind]}</span>}
          {row.arrived !== undefined && <span className={classes.arrived}>{row.arrived}</span>}
        </p>
        <p className="dim">{row.text}</p>
      </div>
    </div>
  )
}

function Gap({ before, row }: { before: TimelineRow | undefined; row: TimelineRow }) {
  if (before === undefined) return null
  const gapMs = Date.parse(row.at) - Date.parse(before.at)
  return gapMs < tellGapMs ? null : <p className={classes.gap}>{durationText(gapMs)}</p>
}

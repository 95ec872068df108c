import type { Status } from '@tidemark/api'
import { Ago } from '../parts/moment.js'
import { Status as Word } from '../parts/sign.js'
import classes from './faults.module.css'

/** Ways in that fetch events by themselves, and why one does not at the moment. */
export function WaysIn({ ways }: { ways: Status['waysIn'] }) {
  return (
    <ul className={classes.ways} data-testid="ways-in">
      {ways.map(({ name, events, lastAt, error }) => (
        <li key={name}>
          <Word tone={error === undefined ? 'good' : 'late'}>{name}</Word>
          <span className="dim number">
            {events.toLocaleString('en')} events
            {lastAt !== undefined && (
              <>
                , the last <Ago at={lastAt} />
              </>
            )}
          </span>
          {error !== undefined && <span className={classes.why}>{error}</span>}
        </li>
      ))}
    </ul>
  )
}

import { Sign } from '../parts/sign.js'
import type { Lens } from '../search.js'
import classes from './flow.module.css'

const rampNames: Record<Exclude<Lens, 'counts'>, [string, string, string]> = {
  waits: ['heat', 'short wait now', 'long (95 %)'],
  durations: ['heat', 'quick', 'slow (95 %)'],
  visits: ['volume', 'few visits', 'many'],
}

export function Legend({ lens }: { lens: Lens }) {
  return (
    <div className={classes.legend} role="note" aria-label="Legend">
      {lens === 'counts' ? (
        <span className={classes.key}>
          <span className={classes.keyPill}>3</span>here now
        </span>
      ) : (
        <Ramp lens={lens} />
      )}
      {(lens === 'counts' || lens === 'waits') && (
        <>
          <span className={classes.key} data-sign="stuck">
            <Sign name="stuck" />
            stuck
          </span>
          <span className={classes.key} data-sign="late">
            <Sign name="late" />
            late
          </span>
          <span className={classes.key} data-sign="deviating">
            <Sign name="deviating" />
            off the path
          </span>
        </>
      )}
      <span className={classes.key}>
        <span className={classes.keyBand} />
        how often taken
      </span>
    </div>
  )
}

function Ramp({ lens }: { lens: Exclude<Lens, 'counts'> }) {
  const [scale, least, most] = rampNames[lens]
  return (
    <span className={classes.key}>
      {least}
      <span className={classes.ramp}>
        {[1, 2, 3, 4, 5].map((level) => (
          <i key={level} style={{ background: `var(--${scale}-${level})` }} />
        ))}
      </span>
      {most}
    </span>
  )
}

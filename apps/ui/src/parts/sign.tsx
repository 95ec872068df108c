import { signNames, signPaths, type SignName } from '../signs.js'
import classes from './sign.module.css'

/** The shape that stands beside a colour with a meaning. Decorative: a word or label says the same. */
export function Sign({ name, size = 12 }: { name: SignName; size?: number }) {
  return (
    <svg className={classes.sign} viewBox="0 0 12 12" width={size} height={size} aria-hidden="true">
      <path d={signPaths[name]} />
    </svg>
  )
}

/** A state in words, with its shape and colour: "stuck", "2 off the path". */
export function StateBadge({ name, count, title }: { name: SignName; count?: number; title?: string }) {
  return (
    <span className={classes.badge} data-sign={name} title={title} data-testid={`badge-${name}`}>
      <Sign name={name} />
      {count !== undefined && <span className="number">{count.toLocaleString('en')}</span>}
      <span>{signNames[name]}</span>
    </span>
  )
}

export function StateBadges({ stuck, late, deviations }: { stuck: boolean; late: boolean; deviations: number }) {
  if (!stuck && !late && deviations === 0) return null
  return (
    <span className={classes.badges}>
      {stuck && <StateBadge name="stuck" />}
      {late && <StateBadge name="late" />}
      {deviations > 0 && <StateBadge name="deviating" count={deviations} title={`${deviations} deviations that count`} />}
    </span>
  )
}

type Tone = 'active' | 'good' | 'quiet' | 'stuck' | 'late' | 'deviating'

/** A word with a dot: the status of something. */
export function Status({ tone, children }: { tone: Tone; children: string }) {
  return <span className={classes.status} data-tone={tone}>{children}</span>
}

import type { ReactNode } from 'react'
import classes from './empty.module.css'

/** Nothing is here: says why, and what to do about it. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className={classes.empty} data-testid="empty">
      <svg className={classes.line} viewBox="0 0 96 20" aria-hidden="true">
        <path d="M2 12c11.5 0 11.5-6 23-6s11.5 6 23 6 11.5-6 23-6 11.5 6 23 6" />
      </svg>
      <h2 className={classes.title}>{title}</h2>
      {children !== undefined && <div className={classes.text}>{children}</div>}
    </div>
  )
}

import type { ReactNode } from 'react'
import classes from './line.module.css'

interface LineProps {
  children: ReactNode
  quiet?: boolean
  onHover?: () => void
  onLeave?: () => void
}

/** One fact with its figure at the end of the line. */
export function Line({ children, quiet, onHover, onLeave }: LineProps) {
  return (
    <div className={classes.line} data-quiet={quiet || undefined} onMouseEnter={onHover} onMouseLeave={onLeave}>
      {children}
    </div>
  )
}

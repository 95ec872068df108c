import type { ReactNode } from 'react'
import { useEffect } from 'react'
import classes from './page.module.css'

/** A page: a bar with its title and its controls, and below it whatever it shows. The bar keeps its height while data loads. */
export function Page({ title, name, bar, children }: { title: string; name?: ReactNode; bar?: ReactNode; children: ReactNode }) {
  useEffect(() => {
    document.title = `${title} · Tidemark`
  }, [title])
  return (
    <div className={classes.page}>
      <header className={classes.bar}>
        <h1 className={classes.title}>{name ?? title}</h1>
        {bar}
      </header>
      <div className={classes.body}>{children}</div>
    </div>
  )
}

export function Section({ title, count, aside, children }: { title: string; count?: number; aside?: ReactNode; children: ReactNode }) {
  return (
    <section className={classes.section} aria-label={title}>
      <header className={classes.sectionBar}>
        <h2>{title}</h2>
        {count !== undefined && <span className="number dim">{count}</span>}
        {aside !== undefined && <span className={classes.aside}>{aside}</span>}
      </header>
      {children}
    </section>
  )
}

export function Spacer() {
  return <span style={{ flex: 1 }} />
}

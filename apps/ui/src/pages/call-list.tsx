import { Link } from '@tanstack/react-router'
import type { Instance } from '@tidemark/api'
import { Line } from '../parts/line.js'
import { Section } from '../parts/page.js'
import classes from './instance.module.css'

type CallLink = Instance['calls'][number]

/** Instances of other processes that it has called, or that have called it. */
export function CallList({ instance, onHover }: { instance: Instance; onHover: (element: string | undefined) => void }) {
  return (
    <Section title="Calls" count={instance.calls.length + instance.calledBy.length}>
      <div data-testid="calls">
        {instance.calledBy.map((link) => (
          <CallLine key={`by ${link.instance}`} link={link} says="called by" />
        ))}
        {instance.calls.map((link) => (
          <CallLine key={link.instance} link={link} says={link.name || link.element} onHover={() => onHover(link.element)} onLeave={() => onHover(undefined)} />
        ))}
      </div>
    </Section>
  )
}

function CallLine({ link, says, onHover, onLeave }: { link: CallLink; says: string; onHover?: () => void; onLeave?: () => void }) {
  return (
    <Line {...(onHover === undefined ? {} : { onHover })} {...(onLeave === undefined ? {} : { onLeave })}>
      <span>
        <span className="dim">{says}</span>{' '}
        <Link to="/instances/$id" params={{ id: link.instance }}>
          {link.model} {link.key}
        </Link>
      </span>
      <span className={classes.lineFacts}>
        <span className="dim">{link.status}</span>
      </span>
    </Line>
  )
}

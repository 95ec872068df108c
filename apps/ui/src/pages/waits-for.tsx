import type { Deadline, Instance, InstanceSummary } from '@tidemark/api'
import { Line } from '../parts/line.js'
import { Ago, Countdown, Lasting } from '../parts/moment.js'
import { Section } from '../parts/page.js'
import { Sign } from '../parts/sign.js'
import classes from './instance.module.css'

type Token = InstanceSummary['tokens'][number]

/** Where the instance is, what may come next, and what is due when. */
export function WaitsFor({ instance, onHover }: { instance: Instance; onHover: (element: string | undefined) => void }) {
  const ahead = instance.deadlines.filter(({ passed }) => !passed)
  const passed = instance.deadlines.filter((deadline) => deadline.passed)
  if (instance.status !== 'active') {
    return (
      <Section title="Waits for">
        <p className="dim">
          Nothing: it was {instance.status}
          {instance.endedAt !== undefined && <> <Ago at={instance.endedAt} /></>}.
        </p>
      </Section>
    )
  }
  return (
    <Section title="Waits for" aside={instance.settling ? <span className="dim">settling</span> : undefined}>
      <div data-testid="waits-for">
        {innermostFirst(instance.tokens).map((token) => (
          <TokenLine key={`${token.element} ${token.item}`} token={token} onHover={onHover} />
        ))}
        {instance.tokens.length === 0 && <p className="dim">It is between elements.</p>}
        <Expected instance={instance} />
        {ahead.map((deadline) => (
          <DeadlineLine key={`${deadline.kind}${deadline.element}${deadline.dueAt}`} deadline={deadline} />
        ))}
        {passed.map((deadline) => (
          <DeadlineLine key={`${deadline.kind}${deadline.element}${deadline.dueAt}`} deadline={deadline} />
        ))}
      </div>
    </Section>
  )
}

function innermostFirst(tokens: readonly Token[]): Token[] {
  return [...tokens].sort((a, b) => Number(a.scope === true) - Number(b.scope === true))
}

function TokenLine({ token, onHover }: { token: Token; onHover: (element: string | undefined) => void }) {
  const undecided = token.undecided ?? []
  return (
    <Line quiet={token.scope === true} onHover={() => onHover(token.element)} onLeave={() => onHover(undefined)}>
      <span>
        {token.scope === true ? `within ${token.name || token.element}` : <b>{token.name || token.element}</b>}
        {token.item !== undefined && <span className="dim"> {token.item}</span>}
        {token.instances !== undefined && (
          <span className="dim">
            {' '}
            {token.instances.done} {token.instances.of === undefined ? 'done' : `of ${token.instances.of} done`}
          </span>
        )}
        {undecided.length > 0 && <span className="dim"> undecided: {undecided.join(' or ')}</span>}
      </span>
      <span className={classes.lineFacts}>
        {token.stuck && (
          <span data-sign="stuck">
            <Sign name="stuck" /> stuck
          </span>
        )}
        {token.late && (
          <span data-sign="late">
            <Sign name="late" /> late
          </span>
        )}
        <span title="There for">
          for <Lasting from={token.since} />
        </span>
      </span>
    </Line>
  )
}

function Expected({ instance }: { instance: Instance }) {
  if (instance.expected.length === 0) return null
  return (
    <p className={classes.expected}>
      <span className="dim">Next may come </span>
      {instance.expected.slice(0, maxExpected).map(({ element, name, events }, index) => (
        <span key={element}>
          {index > 0 && <span className="dim"> or </span>}
          {events.length > 0 ? <code>{events.join(' or ')}</code> : name || element}
        </span>
      ))}
      {instance.expected.length > maxExpected && <span className="dim"> and {instance.expected.length - maxExpected} others</span>}
    </p>
  )
}

const maxExpected = 6
const deadlineTexts: Record<Deadline['kind'], string> = { timer: 'Timer', stuck: 'Stuck', sla: 'Late', completion: 'Taken as completed' }

function DeadlineLine({ deadline }: { deadline: Deadline }) {
  const where = deadline.name ?? deadline.element
  return (
    <Line quiet={deadline.passed}>
      <span>
        {deadlineTexts[deadline.kind]}
        {where !== undefined && <span className="dim"> at {where}</span>}
      </span>
      <span className={classes.lineFacts}>
        {deadline.passed ? (
          <span className="dim">
            passed <Ago at={deadline.dueAt} />
          </span>
        ) : (
          <Countdown to={deadline.dueAt} />
        )}
      </span>
    </Line>
  )
}

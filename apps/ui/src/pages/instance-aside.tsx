import { Link } from '@tanstack/react-router'
import type { Deadline, Deviation, Instance, InstanceSummary } from '@tidemark/api'
import type { ReactNode } from 'react'
import { Json } from '../parts/json.js'
import { Ago, Countdown, Lasting } from '../parts/moment.js'
import { Section } from '../parts/page.js'
import { Sign, Status } from '../parts/sign.js'
import { CommandActions } from './command-actions.js'
import classes from './instance.module.css'
import { commandTexts, commandTones, sentence } from './words.js'

type Token = InstanceSummary['tokens'][number]

/** Beside the story: what is awaited, what went off the path, what is known and what was done. */
export function InstanceAside({ instance, onHover }: { instance: Instance; onHover: (element: string | undefined) => void }) {
  return (
    <aside className={classes.aside} aria-label="State">
      <WaitsFor instance={instance} onHover={onHover} />
      {instance.deviationList.length > 0 && <Deviations deviations={instance.deviationList} onHover={onHover} />}
      {instance.commands.length > 0 && <Commands instance={instance} />}
      {instance.alerts.length > 0 && <Alerts instance={instance} />}
      <Section title="Variables">
        {Object.keys(instance.variables).length === 0 ? <p className="dim">None of its events carried data.</p> : <Json value={instance.variables} />}
      </Section>
    </aside>
  )
}

function WaitsFor({ instance, onHover }: { instance: Instance; onHover: (element: string | undefined) => void }) {
  const ahead = instance.deadlines.filter(({ passed }) => !passed)
  const passed = instance.deadlines.filter((deadline) => deadline.passed)
  if (instance.status !== 'active') {
    return <Section title="Waits for"><p className="dim">Nothing: it is {instance.status}{instance.endedAt !== undefined && <> since <Ago at={instance.endedAt} /></>}.</p></Section>
  }
  return (
    <Section title="Waits for" aside={instance.settling ? <span className="dim">settling</span> : undefined}>
      <div data-testid="waits-for">
        {instance.tokens.map((token) => <TokenLine key={token.element} token={token} onHover={onHover} />)}
        {instance.tokens.length === 0 && <p className="dim">It is between elements.</p>}
        <Expected instance={instance} />
        {ahead.map((deadline) => <DeadlineLine key={`${deadline.kind}${deadline.element}${deadline.dueAt}`} deadline={deadline} />)}
        {passed.map((deadline) => <DeadlineLine key={`${deadline.kind}${deadline.element}${deadline.dueAt}`} deadline={deadline} />)}
      </div>
    </Section>
  )
}

function TokenLine({ token, onHover }: { token: Token; onHover: (element: string | undefined) => void }) {
  const undecided = token.undecided ?? []
  return (
    <Line onHover={() => onHover(token.element)} onLeave={() => onHover(undefined)}>
      <span>
        <b>{token.name || token.element}</b>
        {undecided.length > 0 && <span className="dim"> undecided: {undecided.join(' or ')}</span>}
      </span>
      <span className={classes.lineFacts}>
        {token.stuck && <span data-sign="stuck"><Sign name="stuck" /> stuck</span>}
        {token.late && <span data-sign="late"><Sign name="late" /> late</span>}
        <span title="There for">for <Lasting from={token.since} /></span>
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
        <span key={element}>{index > 0 && <span className="dim"> or </span>}{events.length > 0 ? <code>{events.join(' or ')}</code> : name || element}</span>
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
      <span>{deadlineTexts[deadline.kind]}{where !== undefined && <span className="dim"> at {where}</span>}</span>
      <span className={classes.lineFacts}>{deadline.passed ? <span className="dim">passed <Ago at={deadline.dueAt} /></span> : <Countdown to={deadline.dueAt} />}</span>
    </Line>
  )
}

function Deviations({ deviations, onHover }: { deviations: readonly Deviation[]; onHover: (element: string | undefined) => void }) {
  return (
    <Section title="Off the path" count={deviations.length}>
      <ul data-testid="deviations">
        {deviations.map((deviation, index) => (
          <li key={index} className={classes.deviation} data-accepted={deviation.accepted || undefined} onMouseEnter={() => onHover(deviation.element)} onMouseLeave={() => onHover(undefined)}>
            <Sign name="deviating" />
            <div>
              <p>{deviation.text}</p>
              <p className="dim">
                {deviation.name || deviation.element}, <Ago at={deviation.at} />{deviation.count > 1 && `, ${deviation.count} times`}
                {deviation.provisional && <span title="Later events may still explain it otherwise"> · provisional</span>}
                {deviation.accepted && <span title="Shown, but not counted"> · accepted</span>}
              </p>
            </div>
          </li>
        ))}
      </ul>
    </Section>
  )
}

function Commands({ instance }: { instance: Instance }) {
  return (
    <Section title="Commands" count={instance.commands.length}>
      {instance.commands.map((command) => (
        <div key={command.id} className={classes.block} data-testid="instance-command">
          <p className={classes.blockHead}><code>{command.type}</code><Status tone={commandTones[command.status]}>{command.status}</Status></p>
          <p className="dim">{sentence(command.error ?? command.note ?? commandTexts[command.status])} Decided <Ago at={command.decidedAt} />{command.target !== undefined && <> for {command.target}</>}.</p>
          <CommandActions command={command} />
        </div>
      ))}
    </Section>
  )
}

function Alerts({ instance }: { instance: Instance }) {
  return (
    <Section title="Alerts" count={instance.alerts.length}>
      {instance.alerts.map((alert) => (
        <Line key={alert.id}>
          <Link to="/alerts" search={{ status: alert.status, alert: alert.id }}>{alert.title}</Link>
          <span className={classes.lineFacts}><span className="dim">{alert.status}</span></span>
        </Line>
      ))}
    </Section>
  )
}

function Line({ children, quiet, onHover, onLeave }: { children: ReactNode; quiet?: boolean; onHover?: () => void; onLeave?: () => void }) {
  return <div className={classes.line} data-quiet={quiet || undefined} onMouseEnter={onHover} onMouseLeave={onLeave}>{children}</div>
}

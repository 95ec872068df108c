import { Link } from '@tanstack/react-router'
import type { Deviation, Instance } from '@tidemark/api'
import { Json } from '../parts/json.js'
import { Line } from '../parts/line.js'
import { Ago } from '../parts/moment.js'
import { Section } from '../parts/page.js'
import { Sign, Status } from '../parts/sign.js'
import { CallList } from './call-list.js'
import { Corrections } from './corrections.js'
import { CommandActions } from './command-actions.js'
import classes from './instance.module.css'
import { MessageList } from './message-list.js'
import { WaitsFor } from './waits-for.js'
import { commandTexts, commandTones, sentence } from './words.js'

/** Beside the story: what is awaited, what went off the path, what is known and what was done. */
export function InstanceAside({ instance, onHover }: { instance: Instance; onHover: (element: string | undefined) => void }) {
  return (
    <aside className={classes.aside} aria-label="State">
      <WaitsFor instance={instance} onHover={onHover} />
      {instance.deviationList.length > 0 && <Deviations deviations={instance.deviationList} onHover={onHover} />}
      {instance.messages.length > 0 && <MessageList instance={instance} onHover={onHover} />}
      {instance.calls.length + instance.calledBy.length > 0 && <CallList instance={instance} onHover={onHover} />}
      {instance.commands.length > 0 && <Commands instance={instance} />}
      {instance.alerts.length > 0 && <Alerts instance={instance} />}
      <Corrections instance={instance} />
      <Section title="Variables">
        {Object.keys(instance.variables).length === 0 ? (
          <p className="dim">None of its events carried data.</p>
        ) : (
          <Json value={instance.variables} />
        )}
      </Section>
    </aside>
  )
}

function Deviations({ deviations, onHover }: { deviations: readonly Deviation[]; onHover: (element: string | undefined) => void }) {
  return (
    <Section title="Off the path" count={deviations.length}>
      <ul data-testid="deviations">
        {deviations.map((deviation, index) => (
          <li
            key={index}
            className={classes.deviation}
            data-accepted={deviation.accepted || undefined}
            onMouseEnter={() => onHover(deviation.element)}
            onMouseLeave={() => onHover(undefined)}
          >
            <Sign name="deviating" />
            <div>
              <p>{deviation.text}</p>
              <p className="dim">
                {deviation.name || deviation.element}
                {deviation.item !== undefined && ` ${deviation.item}`}, <Ago at={deviation.at} />
                {deviation.count > 1 && `, ${deviation.count} times`}
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
          <p className={classes.blockHead}>
            <code>{command.type}</code>
            <Status tone={commandTones[command.status]}>{command.status}</Status>
          </p>
          <p className="dim">
            {sentence(command.error ?? command.note ?? commandTexts[command.status])} Decided <Ago at={command.decidedAt} />
            {command.target !== undefined && <> for {command.target}</>}.
          </p>
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
          <Link to="/alerts" search={{ status: alert.status, alert: alert.id }}>
            {alert.title}
          </Link>
          <span className={classes.lineFacts}>
            <span className="dim">{alert.status}</span>
          </span>
        </Line>
      ))}
    </Section>
  )
}

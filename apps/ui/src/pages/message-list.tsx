import type { Instance } from '@tidemark/api'
import { Line } from '../parts/line.js'
import { Ago, Countdown } from '../parts/moment.js'
import { Section } from '../parts/page.js'
import { Sign } from '../parts/sign.js'
import classes from './instance.module.css'

/** Messages to or from other pools that were sent and have not been received. */
export function MessageList({ instance, onHover }: { instance: Instance; onHover: (element: string | undefined) => void }) {
  return (
    <Section title="On its way" count={instance.messages.length}>
      <div data-testid="messages">
        {instance.messages.map((message) => (
          <Line key={`${message.flow} ${message.since}`} onHover={() => onHover(message.element)} onLeave={() => onHover(undefined)}>
            <span>
              <b>{message.name || message.elementName}</b>{' '}
              <span className="dim">
                {message.direction === 'out' ? 'to' : 'from'} {message.otherName} of {message.otherModel}, sent <Ago at={message.since} />
              </span>
            </span>
            <span className={classes.lineFacts}>
              {message.late && (
                <span data-sign="late">
                  <Sign name="late" /> late
                </span>
              )}
              {message.dueAt !== undefined && <Countdown to={message.dueAt} />}
            </span>
          </Line>
        ))}
      </div>
    </Section>
  )
}

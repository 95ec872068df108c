import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { Fate, LoggedEvent } from '@tidemark/api'
import { isAbsent } from '../api.js'
import { CopyButton } from '../parts/copy-button.js'
import { Empty } from '../parts/empty.js'
import { Json } from '../parts/json.js'
import { Moment } from '../parts/moment.js'
import { Section } from '../parts/page.js'
import { ProblemNote } from '../parts/problem-note.js'
import { Status } from '../parts/sign.js'
import { SidePanel } from '../parts/split.js'
import { eventQuery } from '../queries.js'
import classes from './events.module.css'
import { fateTexts, fateTones } from './fates.js'
import { QuarantineActions } from './quarantine-actions.js'

/** An event as it came, and what became of it in each model. */
export function EventPanel({ position, onClose }: { position: string; onClose: () => void }) {
  return (
    <SidePanel label="Event" testId="event-panel" onClose={onClose} title={<span className="number">Event {position}</span>}>
      <EventBody position={position} />
    </SidePanel>
  )
}

function EventBody({ position }: { position: string }) {
  const { data: event, error, refetch } = useQuery(eventQuery(position))
  if (isAbsent(error))
    return (
      <Empty title="There is no event at this position">It may be an entry of Tidemark's own, or lie below what the log still keeps.</Empty>
    )
  if (error !== null) return <ProblemNote error={error} again={() => void refetch()} />
  if (event === undefined) return null
  return (
    <div>
      <Section title="What became of it">
        {event.fates.length === 0 && <p className="dim">{fateTexts.unmatched}</p>}
        {event.fates.map((fate, index) => (
          <FateLine key={index} fate={fate} />
        ))}
        {event.fates.some(({ kind }) => kind === 'quarantined') && <QuarantineActions key={position} event={event} content={contentOf(event)} />}
      </Section>
      <Section title="Event" aside={<CopyButton text={JSON.stringify(cloudEventOf(event), null, 2)} label="Copy as CloudEvents JSON" />}>
        <dl className={classes.attributes}>
          <Attribute name="type">
            <code>{event.type}</code>
          </Attribute>
          <Attribute name="id">
            <code>{event.id}</code>
          </Attribute>
          <Attribute name="source">
            <Link to="/events" search={{ source: event.source }}>
              <code>{event.source}</code>
            </Link>
          </Attribute>
          {event.subject !== undefined && (
            <Attribute name="subject">
              <Link to="/events" search={{ subject: event.subject }}>
                <code>{event.subject}</code>
              </Link>
            </Attribute>
          )}
          <Attribute name="time">
            <Moment at={event.time} />
          </Attribute>
          <Attribute name="arrived">
            <Moment at={event.appendTime} />
          </Attribute>
          {Object.entries(event.id === '' ? {} : (event.extensions ?? {})).map(([name, value]) => (
            <Attribute key={name} name={name}>
              <code>{String(value)}</code>
            </Attribute>
          ))}
        </dl>
      </Section>
      <Section title={event.id === '' ? 'As it came' : 'Data'}>
        {event.id === '' ? <pre className={classes.raw}>{contentOf(event)}</pre> : event.data === undefined ? <p className="dim">It carries no data.</p> : <Json value={event.data} />}
      </Section>
    </div>
  )
}

function FateLine({ fate }: { fate: Fate }) {
  return (
    <div className={classes.fate}>
      <p>
        <Status tone={fateTones[fate.kind]}>{fate.kind}</Status>
        {fate.model !== undefined && (
          <Link to="/flow/$model" params={{ model: fate.model }} search={fate.element === undefined ? {} : { element: fate.element }}>
            {fate.model}
            {fate.element !== undefined && ` · ${fate.element}`}
          </Link>
        )}
        {fate.instance !== undefined && (
          <Link to="/instances/$id" params={{ id: fate.instance }} data-testid="event-instance">
            open the instance
          </Link>
        )}
      </p>
      <p className="dim">{fate.reason ?? fateTexts[fate.kind]}</p>
    </div>
  )
}

function Attribute({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

/** What can be mended and sent again: the event, or the bytes of what is none. */
function contentOf(event: LoggedEvent): string {
  if (event.id !== '') return JSON.stringify(cloudEventOf(event), null, 2)
  // Ways in that cannot refuse keep the reason beside it.
  const { content, ...rest } = event.extensions ?? {}
  return String(content ?? event.data ?? JSON.stringify(rest))
}

function cloudEventOf({ id, source, type, subject, time, data, extensions }: LoggedEvent): Record<string, unknown> {
  return {
    specversion: '1.0',
    id,
    source,
    type,
    ...(subject !== undefined && { subject }),
    time,
    ...extensions,
    ...(data !== undefined && { datacontenttype: 'application/json', data }),
  }
}

import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import type { EventType, EventTypeDetail, TypeSchema } from '@tidemark/api'
import { isAbsent } from '../api.js'
import { Empty } from '../parts/empty.js'
import { Json } from '../parts/json.js'
import { Ago, Moment } from '../parts/moment.js'
import { Page, Section } from '../parts/page.js'
import { ProblemNote } from '../parts/problem-note.js'
import { Rows, type Column } from '../parts/rows.js'
import { Status } from '../parts/sign.js'
import { SidePanel, Split } from '../parts/split.js'
import { eventTypeListQuery, eventTypeQuery } from '../queries.js'
import classes from './events.module.css'

const route = getRouteApi('/events/types')

/** Every type that has come: how often, how well it keeps to its schema, and what one looks like. */
export function EventTypesPage() {
  const { type: opened } = route.useSearch()
  const navigate = useNavigate()
  const query = useInfiniteQuery(eventTypeListQuery)
  const open = (type: string | undefined): void => void navigate({ to: '/events/types', search: type === undefined ? {} : { type }, replace: true })
  return (
    <Page title="Event types" bar={<Link to="/events">All events</Link>}>
      <Split wide panel={opened !== undefined && <TypePanel type={opened} onClose={() => open(undefined)} />}>
        <Rows
          label="Event types"
          query={query}
          queryKey={eventTypeListQuery.queryKey}
          columns={opened === undefined ? columns : columns.slice(0, 4)}
          idOf={({ type }) => type}
          selected={opened}
          onOpen={({ type }) => open(type)}
          empty={
            <Empty title="No events yet">
              <Link to="/start">How to send the first one</Link>
            </Empty>
          }
        />
      </Split>
    </Page>
  )
}

const columns: readonly Column<EventType>[] = [
  {
    name: 'Type',
    width: 'minmax(150px, 1.5fr)',
    cell: ({ type }) => (
      <Link to="/events/types" search={{ type }} className="clip">
        <code>{type}</code>
      </Link>
    ),
  },
  { name: 'Events', width: '96px', cell: ({ count }) => <span className="number">{count.toLocaleString('en')}</span>, align: 'right' },
  { name: 'Per minute', width: '100px', cell: ({ perMinute }) => <span className="number">{perMinute.toLocaleString('en')}</span>, align: 'right' },
  { name: 'Schema', width: 'minmax(110px, 1fr)', cell: ({ schema }) => <SchemaState schema={schema} /> },
  { name: 'Models', width: 'minmax(100px, 1fr)', cell: ({ models }) => <span className="clip">{models.length === 0 ? '' : models.join(', ')}</span>, fromPx: 960 },
  { name: 'First seen', width: '172px', cell: ({ firstSeen }) => <Moment at={firstSeen} />, align: 'right', fromPx: 1160 },
  { name: 'Last seen', width: '120px', cell: ({ lastSeen }) => <Ago at={lastSeen} />, align: 'right' },
]

function SchemaState({ schema }: { schema: TypeSchema | undefined }) {
  if (schema === undefined) return <span className="dim">none</span>
  if (schema.faults === 0) return <Status tone="good">kept</Status>
  return (
    <span title={schema.lastFault}>
      <Status tone="deviating">{`${schema.faults.toLocaleString('en')} of ${schema.checked.toLocaleString('en')} not`}</Status>
    </span>
  )
}

function TypePanel({ type, onClose }: { type: string; onClose: () => void }) {
  return (
    <SidePanel label="Event type" testId="type-panel" onClose={onClose} title={<code>{type}</code>}>
      <TypeBody type={type} />
    </SidePanel>
  )
}

function TypeBody({ type }: { type: string }) {
  const { data, error, refetch } = useQuery(eventTypeQuery(type))
  if (isAbsent(error)) return <Empty title="No event of this type has come" />
  if (error !== null) return <ProblemNote error={error} again={() => void refetch()} />
  if (data === undefined) return null
  return (
    <div>
      <Section title="Seen">
        <dl className={classes.attributes}>
          <Line name="events">
            <Link to="/events" search={{ type }}>
              <span className="number">{data.count.toLocaleString('en')}</span>
            </Link>
          </Line>
          <Line name="per minute">{data.perMinute.toLocaleString('en')}</Line>
          <Line name="first">
            <Moment at={data.firstSeen} />
          </Line>
          <Line name="last">
            <Moment at={data.lastSeen} />
          </Line>
          <Line name="models">
            {data.models.length === 0 && <span className="dim">No model binds it.</span>}
            {data.models.map((model) => (
              <Link key={model} to="/flow/$model" params={{ model }}>
                {model}{' '}
              </Link>
            ))}
          </Line>
        </dl>
      </Section>
      <Section title="Example, as it is stored">
        {data.example === undefined ? <p className="dim">The log no longer holds one.</p> : <Json value={withoutPlace(data.example)} />}
      </Section>
      {data.schema !== undefined && <SchemaSection schema={data.schema} source={data.schemaSource} />}
    </div>
  )
}

function SchemaSection({ schema, source }: { schema: TypeSchema; source: unknown }) {
  return (
    <Section title="Schema of its data">
      <dl className={classes.attributes}>
        <Line name="for">
          <code>{schema.for}</code>
        </Line>
        <Line name="a fault is">{schema.onFault === 'reject' ? 'refused' : 'reported'}</Line>
        <Line name="since the start">{`${schema.checked.toLocaleString('en')} checked, ${schema.faults.toLocaleString('en')} with faults`}</Line>
        {schema.lastFault !== undefined && <Line name="last fault">{schema.lastFault}</Line>}
      </dl>
      <Json value={source} />
    </Section>
  )
}

function Line({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

function withoutPlace({ position: _position, appendTime: _appendTime, ...event }: NonNullable<EventTypeDetail['example']>): object {
  return event
}

import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import type { InstanceSummary } from '@tidemark/api'
import { Empty } from '../parts/empty.js'
import { Ago, Lasting, Moment } from '../parts/moment.js'
import { Page } from '../parts/page.js'
import { Rows, type Column } from '../parts/rows.js'
import { StateBadges, Status } from '../parts/sign.js'
import { instancesQuery, modelsQuery } from '../queries.js'
import type { InstanceSearch } from '../search.js'
import { parseVariable } from '../variable.js'
import { InstanceFilter } from './instance-filter.js'
import { instanceStatusTones } from './words.js'

const route = getRouteApi('/instances')

/** The list of instances; its filter is its link. */
export function InstancesPage() {
  const search = route.useSearch()
  const navigate = useNavigate()
  const { variable, ...others } = search
  const options = instancesQuery({ ...others, ...parseVariable(variable ?? '') })
  const query = useInfiniteQuery(options)
  const { data: models } = useQuery(modelsQuery)
  const names = new Map(models?.map(({ id, name }) => [id, name]))
  const change = (part: InstanceSearch): void => void navigate({ to: '/instances', search: { ...search, ...part }, replace: true })
  return (
    <Page
      title="Instances"
      bar={<InstanceFilter search={search} onChange={change} onClear={() => void navigate({ to: '/instances', search: {} })} />}
    >
      <Rows
        label="Instances"
        query={query}
        queryKey={options.queryKey}
        columns={columnsFor(search, names)}
        idOf={({ id }) => id}
        onOpen={({ id }) => void navigate({ to: '/instances/$id', params: { id } })}
        empty={<NoInstances search={search} />}
      />
    </Page>
  )
}

function columnsFor(search: InstanceSearch, modelNames: ReadonlyMap<string, string>): Column<InstanceSummary>[] {
  return [
    {
      name: 'Key',
      width: 'minmax(110px, 1.1fr)',
      cell: (row) => (
        <Link to="/instances/$id" params={{ id: row.id }} className="clip" title={keysText(row)}>
          {row.key}
        </Link>
      ),
    },
    ...(search.model === undefined && modelNames.size > 1
      ? [
          {
            name: 'Model',
            width: 'minmax(100px, 1fr)',
            cell: (row: InstanceSummary) => <span className="clip">{modelNames.get(row.model) ?? row.model}</span>,
            fromPx: 1100,
          },
        ]
      : []),
    { name: 'Status', width: '104px', cell: (row) => <Status tone={instanceStatusTones[row.status]}>{row.status}</Status> },
    { name: 'Where it is', width: 'minmax(120px, 1.8fr)', cell: (row) => <Where row={row} /> },
    { name: 'There for', width: '96px', cell: (row) => <ThereFor row={row} />, align: 'right' },
    {
      name: 'State',
      width: 'minmax(150px, 1.3fr)',
      cell: (row) => <StateBadges stuck={row.stuck} late={row.late} deviations={row.deviations} />,
    },
    { name: 'Started', width: '148px', cell: (row) => <Moment at={row.startedAt} precise={false} />, align: 'right', fromPx: 960 },
    { name: 'Last event', width: '124px', cell: (row) => <Ago at={row.lastEventAt} />, align: 'right', fromPx: 1200 },
  ]
}

/** Tokens by name; what does not fit is counted. */
function Where({ row }: { row: InstanceSummary }) {
  const tokens = innermost(row.tokens)
  const [first, ...others] = tokens
  if (first === undefined) return <span className="dim">{row.status === 'active' ? 'between elements' : 'at its end'}</span>
  const title = tokens.map(({ name, element }) => name || element).join(', ')
  return (
    <span className="clip" title={title}>
      {first.name || first.element}
      {others.length > 0 && <span className="dim"> and {others.length} more</span>}
    </span>
  )
}

function ThereFor({ row }: { row: InstanceSummary }) {
  const since = innermost(row.tokens)
    .map((token) => token.since)
    .sort()[0]
  if (row.status !== 'active')
    return (
      <span className="dim" title="From its start to its end">
        <Lasting from={row.startedAt} to={row.endedAt ?? row.lastEventAt} />
      </span>
    )
  return since === undefined ? null : <Lasting from={since} />
}

/** Without the sub-processes around them, which say nothing more about where an instance is. */
function innermost(tokens: InstanceSummary['tokens']): InstanceSummary['tokens'] {
  const inner = tokens.filter(({ scope }) => scope !== true)
  return inner.length > 0 ? inner : tokens
}

function keysText({ keys }: InstanceSummary): string {
  return keys.map(({ name, value }) => `${name}: ${value}`).join('\n')
}

function NoInstances({ search }: { search: InstanceSearch }) {
  const names = Object.keys(search)
  if (names.length === 0)
    return (
      <Empty title="No instances yet">
        An instance appears with the first event that starts a deployed model. <Link to="/events">See which events have come</Link>
      </Empty>
    )
  if (names.length === 1 && search.key !== undefined) {
    return (
      <Empty title={`No instance has the key “${search.key}”`}>
        Keys are compared exactly, and every key of an instance is looked at. An event with this key may still be waiting for its instance.
        <Link to="/events" search={{ fate: 'waiting' }}>
          See the waiting events
        </Link>
      </Empty>
    )
  }
  return (
    <Empty title="No instance fits all of these filters">
      <span>
        {search.stuck === true || search.late === true || search.deviating === true ? 'That may be good news. ' : ''}All of them apply at
        once; take one away to see more.
      </span>
      <Link to="/instances" search={{}}>
        Show all instances
      </Link>
    </Empty>
  )
}

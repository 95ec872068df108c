import { Select } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import type { CommandSummary } from '@tidemark/api'
import { Empty } from '../parts/empty.js'
import { Json } from '../parts/json.js'
import { Ago } from '../parts/moment.js'
import { Page } from '../parts/page.js'
import { Rows, type Column } from '../parts/rows.js'
import { Status } from '../parts/sign.js'
import { commandsQuery } from '../queries.js'
import { commandStatuses } from '../search.js'
import { CommandActions } from './command-actions.js'
import classes from './commands.module.css'
import { commandTexts, commandTones, sentence } from './words.js'

const route = getRouteApi('/commands')

/** What Tidemark asks of services: proposals first, then everything with the state of its delivery. */
export function CommandsPage() {
  const search = route.useSearch()
  const navigate = useNavigate()
  // Proposals stand beside the list, to be decided.
  const options = commandsQuery({ ...search, status: search.status ?? decided })
  const query = useInfiniteQuery(options)
  const proposals = useInfiniteQuery({
    ...commandsQuery({ model: search.model, status: 'proposed' }),
    enabled: search.status === undefined,
  })
  const waiting = search.status === undefined ? (proposals.data?.pages[0]?.items ?? []) : []
  return (
    <Page
      title="Commands"
      bar={
        <Select
          aria-label="Status"
          placeholder="Any status"
          w={150}
          clearable
          value={search.status ?? null}
          data={[...commandStatuses]}
          onChange={(status) =>
            void navigate({
              to: '/commands',
              search: { ...search, status: commandStatuses.find((known) => known === status) },
              replace: true,
            })
          }
        />
      }
    >
      <div className={classes.columns}>
        {waiting.length > 0 && (
          <section className={classes.proposals} aria-label="Waiting for approval">
            <h2>
              Waiting for approval{' '}
              <span className="number">
                {waiting.length}
                {proposals.hasNextPage && '+'}
              </span>
            </h2>
            <ul>
              {waiting.map((command) => (
                <Proposal key={command.id} command={command} />
              ))}
            </ul>
          </section>
        )}
        <div className={classes.rest}>
          <Rows
            label="Commands"
            query={query}
            queryKey={options.queryKey}
            columns={columns}
            idOf={({ id }) => id}
            rowPx={52}
            empty={
              <Empty
                title={
                  search.status === undefined
                    ? waiting.length > 0
                      ? 'No other commands yet'
                      : 'No commands yet'
                    : `No command is ${search.status}`
                }
              >
                {search.status === undefined
                  ? 'A command appears when an instance reaches an element that a model marks as managed, in the modes suggest and manage.'
                  : commandTexts[search.status]}
              </Empty>
            }
          />
        </div>
      </div>
    </Page>
  )
}

const decided = commandStatuses.filter((status) => status !== 'proposed').join(',')

const columns: Column<CommandSummary>[] = [
  {
    name: 'Command',
    width: 'minmax(150px, 1.2fr)',
    cell: (row) => (
      <Two top={<code>{row.type}</code>} below={row.target === undefined ? row.elementName : `${row.elementName} → ${row.target}`} />
    ),
  },
  {
    name: 'For',
    width: 'minmax(90px, 0.8fr)',
    cell: (row) => (
      <Link to="/instances/$id" params={{ id: row.instance }} className="clip">
        {row.key}
      </Link>
    ),
  },
  {
    name: 'Delivery',
    width: 'minmax(160px, 1.6fr)',
    cell: (row) => (
      <Two
        top={<Status tone={commandTones[row.status]}>{row.status}</Status>}
        below={sentence(row.error ?? row.note ?? commandTexts[row.status])}
      />
    ),
  },
  { name: 'Attempts', width: '70px', cell: (row) => <span className="number">{row.attempts}</span>, align: 'right', fromPx: 1000 },
  { name: 'Decided', width: '120px', cell: (row) => <Ago at={row.decidedAt} />, align: 'right' },
  { name: '', width: '108px', cell: (row) => (row.status === 'proposed' ? null : <CommandActions command={row} />), fromPx: 700 },
]

function Two({ top, below }: { top: React.ReactNode; below: string }) {
  return (
    <span className={classes.two}>
      <span className="clip">{top}</span>
      <span className="clip dim" title={below}>
        {below}
      </span>
    </span>
  )
}

function Proposal({ command }: { command: CommandSummary }) {
  return (
    <li className={classes.proposal} data-testid="proposal">
      <p className={classes.head}>
        <code>{command.type}</code>
        <Ago at={command.decidedAt} />
      </p>
      <p>
        for{' '}
        <Link to="/instances/$id" params={{ id: command.instance }}>
          {command.key}
        </Link>{' '}
        <span className="dim">
          at {command.elementName}
          {command.target !== undefined && `, to ${command.target}`}
        </span>
      </p>
      {command.note !== undefined && <p className="dim">{sentence(command.note)}</p>}
      <details className={classes.data}>
        <summary>What would be sent</summary>
        <Json value={command.data} />
      </details>
      <CommandActions command={command} />
    </li>
  )
}

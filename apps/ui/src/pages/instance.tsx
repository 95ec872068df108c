import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import type { Instance } from '@tidemark/api'
import { useMemo, useState, type ReactNode } from 'react'
import { isAbsent } from '../api.js'
import { pathView } from '../diagram/path.js'
import { emptyView } from '../diagram/view.js'
import { IconArrowLeft } from '../icons.js'
import { CopyButton } from '../parts/copy-button.js'
import { DiagramFrame } from '../parts/diagram-frame.js'
import { Empty } from '../parts/empty.js'
import { Ago, Lasting, Moment } from '../parts/moment.js'
import { MomentChoice } from '../parts/moment-choice.js'
import { Page, Spacer } from '../parts/page.js'
import { ProblemNote } from '../parts/problem-note.js'
import { StateBadges, Status } from '../parts/sign.js'
import { instanceQuery, modelXmlQuery } from '../queries.js'
import { InstanceAside } from './instance-aside.js'
import classes from './instance.module.css'
import { Timeline } from './timeline-list.js'
import { instanceStatusTones } from './words.js'

const route = getRouteApi('/instances/$id')

/** One instance: its path, its story, what it waits for, and what was done about it. */
export function InstancePage() {
  const { id } = route.useParams()
  const { at } = route.useSearch()
  const navigate = route.useNavigate()
  const { data: instance, error, refetch } = useQuery(instanceQuery(id, at))
  const xml = useQuery(modelXmlQuery(instance?.model ?? '', instance?.version))
  const choice = <MomentChoice at={at} onChange={(chosen) => void navigate({ search: { at: chosen }, replace: true })} />
  const view = useMemo(() => (instance === undefined ? emptyView : pathView(instance)), [instance])
  const [hovered, setHovered] = useState<string>()
  const [selected, setSelected] = useState<string>()

  if (instance === undefined) {
    return (
      <Page title="Instance" bar={at !== undefined && choice}>
        {isAbsent(error) && at === undefined ? (
          <Empty title="There is no instance with this id">
            <span>It may belong to a model that was rebuilt, or its link is old.</span>
            <Link to="/instances">All instances</Link>
          </Empty>
        ) : (
          error !== null && <ProblemNote error={error} again={() => void refetch()} />
        )}
      </Page>
    )
  }
  return (
    <Page title={instance.key} name={<Title instance={instance} />} bar={<Facts instance={instance} choice={choice} />}>
      {error !== null && <ProblemNote error={error} again={() => void refetch()} />}
      <div className={classes.columns}>
        <div className={classes.main}>
          <div className={classes.diagram}>
            <DiagramFrame
              xml={xml.data}
              view={view}
              hovered={hovered}
              selected={selected}
              receding
              label={`Path of ${instance.key}`}
              onHover={setHovered}
              onSelect={setSelected}
              legend={<PathLegend />}
              {...(xml.error !== null && { instead: <Empty title="The drawing could not be read" /> })}
            />
          </div>
          <Timeline instance={instance} hovered={hovered} selected={selected} onHover={setHovered} onSelect={setSelected} />
        </div>
        <InstanceAside instance={instance} onHover={setHovered} />
      </div>
    </Page>
  )
}

function Title({ instance }: { instance: Instance }) {
  return (
    <span className={classes.title}>
      <Link to="/instances" search={{ model: instance.model }} className={classes.back} aria-label="Instances of this model">
        <IconArrowLeft size={16} />
      </Link>
      <span className="clip" data-testid="instance-key">
        {instance.key}
      </span>
      <CopyButton text={instance.key} label="Copy the key" />
    </span>
  )
}

function Facts({ instance, choice }: { instance: Instance; choice: ReactNode }) {
  const others = instance.keys.filter(({ value }) => value !== instance.key)
  return (
    <>
      <span data-testid="instance-status">
        <Status tone={instanceStatusTones[instance.status]}>{instance.status}</Status>
      </span>
      <StateBadges stuck={instance.stuck} late={instance.late} deviations={instance.deviations} />
      {instance.settling && (
        <span
          className={classes.soft}
          title="A deadline has passed a moment ago, or a sender is behind. What is shown may still change without a new event."
        >
          settling
        </span>
      )}
      {instance.approximate && (
        <span
          className={classes.soft}
          title="The instance is too ambiguous to be followed exactly. What is shown is the best explanation known."
        >
          approximate
        </span>
      )}
      <Spacer />
      {choice}
      <dl className={classes.facts}>
        {others.map(({ name, value }) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd className="clip" title={value}>
              {value}
            </dd>
          </div>
        ))}
        <div>
          <dt>Model</dt>
          <dd>
            <Link to="/flow/$model" params={{ model: instance.model }} search={{ version: instance.version }}>
              {instance.modelName || instance.model}
            </Link>{' '}
            <span className="dim">v{instance.version}</span>
          </dd>
        </div>
        <div>
          <dt>Started</dt>
          <dd>
            <Moment at={instance.startedAt} precise={false} />
          </dd>
        </div>
        {instance.endedAt === undefined ? (
          <div>
            <dt>Running for</dt>
            <dd>
              <Lasting from={instance.startedAt} />
            </dd>
          </div>
        ) : (
          <div>
            <dt>Took</dt>
            <dd>
              <Lasting from={instance.startedAt} to={instance.endedAt} />
            </dd>
          </div>
        )}
        <div>
          <dt>Last event</dt>
          <dd>
            <Ago at={instance.lastEventAt} />
          </dd>
        </div>
      </dl>
    </>
  )
}

function PathLegend() {
  return (
    <div className={classes.legend} role="note" aria-label="Legend">
      <span>
        <i data-key="taken" />
        taken
      </span>
      <span>
        <i data-key="here" />
        here now
      </span>
      <span>
        <i data-key="assumed" />
        assumed, no event seen
      </span>
      <span>
        <i data-key="deviates" />
        off the path
      </span>
    </div>
  )
}

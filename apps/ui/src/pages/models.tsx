import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import type { ModelSummary } from '@tidemark/api'
import { IconChevronDown, IconFileUpload } from '../icons.js'
import { Empty } from '../parts/empty.js'
import { Figure } from '../parts/figure.js'
import { Ago } from '../parts/moment.js'
import { Page, Spacer } from '../parts/page.js'
import { ProblemNote } from '../parts/problem-note.js'
import { StateBadge, Status } from '../parts/sign.js'
import { modelsQuery } from '../queries.js'
import { FindingList } from './finding-list.js'
import classes from './models.module.css'
import { ResumeModel } from './resume-model.js'
import { Trial } from './trial.js'

const route = getRouteApi('/models')
type Version = ModelSummary['versions'][number]

const modeTexts: Record<ModelSummary['mode'], string> = {
  observe: 'Observes: sends no commands',
  suggest: 'Suggests: a person approves each command',
  manage: 'Manages: sends its commands by itself',
}
const statusTexts: Record<Version['status'], ['active' | 'good' | 'late', string]> = {
  catchingUp: ['active', 'catching up with the log'],
  active: ['good', 'follows live events'],
  suspended: ['late', 'suspended'],
}

/** What is deployed, with its versions. */
export function ModelsPage() {
  const { data: models, error, refetch } = useQuery(modelsQuery)
  const navigate = useNavigate()
  const search = route.useSearch()
  return (
    <Page
      title="Models"
      bar={
        <>
          <Spacer />
          <Button
            variant="filled"
            leftSection={<IconFileUpload size={15} />}
            onClick={() => void navigate({ to: '/models/deploy' })}
            data-testid="deploy-model"
          >
            Deploy a model
          </Button>
        </>
      }
    >
      {error !== null && models === undefined && <ProblemNote error={error} again={() => void refetch()} />}
      {models?.length === 0 && (
        <Empty title="No models yet">
          <span>A model is a BPMN file, drawn in any editor. Events are followed along it, also those that came before it.</span>
          <Link to="/models/deploy">Deploy the first one</Link>
        </Empty>
      )}
      <div className={classes.list}>
        {models?.map((model) => (
          <Model key={model.id} model={model} opened={search.model === model.id ? search.version : undefined} />
        ))}
      </div>
    </Page>
  )
}

function Model({ model, opened }: { model: ModelSummary; opened: number | undefined }) {
  const of = { model: model.id }
  return (
    <article className={classes.model} aria-label={model.name} data-testid="model">
      <div className={classes.modelHead}>
        <div className={classes.modelName}>
          <h2>
            <Link to="/flow/$model" params={{ model: model.id }}>
              {model.name}
            </Link>
          </h2>
          <p className="dim">
            {model.id} · {modeTexts[model.mode]}
            {model.lastEventAt !== undefined && (
              <>
                {' '}
                · last event <Ago at={model.lastEventAt} />
              </>
            )}
          </p>
        </div>
        <div className={classes.figures}>
          <Figure name="Active" value={model.active} search={{ ...of, status: 'active' }} />
          <Figure name="Completed" value={model.completed} search={{ ...of, status: 'completed' }} />
          <Figure name="Stuck" value={model.stuck} sign="stuck" search={{ ...of, stuck: true }} />
          <Figure name="Late" value={model.late} sign="late" search={{ ...of, late: true }} />
          <Figure name="Deviating" value={model.deviating} sign="deviating" search={{ ...of, deviating: true }} />
        </div>
      </div>
      {model.isTried === true && <Trial model={model.id} />}
      <ol className={classes.versions}>
        {[...model.versions]
          .sort((a, b) => b.version - a.version)
          .map((version) => (
            <VersionLine key={version.version} model={model.id} name={model.name} version={version} opened={opened === version.version} />
          ))}
      </ol>
    </article>
  )
}

function VersionLine({ model, name, version, opened }: { model: string; name: string; version: Version; opened: boolean }) {
  const [tone, text] = statusTexts[version.status]
  const progress = version.status === 'catchingUp' && version.progress !== undefined ? ` (${Math.floor(version.progress * 100)} %)` : ''
  const line = (
    <>
      <Link to="/flow/$model" params={{ model }} search={{ version: version.version }} className="number">
        v{version.version}
      </Link>
      <Status tone={tone}>{text + progress}</Status>
      <span className="dim">
        deployed <Ago at={version.deployedAt} />
      </span>
      {version.status === 'suspended' && <ResumeModel model={model} name={name} />}
    </>
  )
  return (
    <li className={classes.version}>
      {version.findings.length === 0 ? (
        <div className={classes.line}>
          {line}
          <span className={classes.counts}>
            <span className="dim">no findings</span>
          </span>
        </div>
      ) : (
        <details open={opened}>
          <summary className={classes.line}>
            {line}
            <Counts version={version} />
            <IconChevronDown size={14} className={classes.chevron} />
          </summary>
          <FindingList findings={version.findings} />
        </details>
      )}
    </li>
  )
}

function Counts({ version: { findings } }: { version: Version }) {
  return (
    <span className={classes.counts}>
      {(['error', 'warning', 'info'] as const).map((severity) => {
        const count = findings.filter((finding) => finding.severity === severity).length
        return count > 0 && <StateBadge key={severity} name={severity} count={count} />
      })}
    </span>
  )
}

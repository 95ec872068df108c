import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ElementFlow, Flow, InstanceSummary } from '@tidemark/api'
import { Lasting } from '../parts/moment.js'
import { Section } from '../parts/page.js'
import { ProblemNote } from '../parts/problem-note.js'
import { Sign } from '../parts/sign.js'
import { SidePanel } from '../parts/split.js'
import { firstInstancesQuery } from '../queries.js'
import type { SignName } from '../signs.js'
import { durationText } from '../times.js'
import classes from './flow.module.css'
import { elementTitle, kindText } from './words.js'

interface ElementPanelProps {
  flow: Flow
  element: string
  /** Only where the person chose one. */
  version: number | undefined
  onClose: () => void
}

/** An element's numbers and the first of the instances that are there. */
export function ElementPanel({ flow, element: id, version, onClose }: ElementPanelProps) {
  const element = flow.elements.find((known) => known.element === id)
  return (
    <SidePanel
      label="Element"
      testId="element-panel"
      onClose={onClose}
      title={element === undefined ? id : elementTitle(element)}
      below={
        <p className="dim clip" title={id}>
          {element === undefined ? 'Not part of this version' : `${kindText(element.kind)} · ${id}`}
        </p>
      }
    >
      {element !== undefined && (
        <>
          <Section title="Now">
            <Numbers element={element} />
          </Section>
          <Spreads element={element} />
          <First model={flow.model} version={version} element={element} />
        </>
      )}
    </SidePanel>
  )
}

function Numbers({ element }: { element: ElementFlow }) {
  return (
    <dl className={classes.numbers}>
      <Count name="Here" value={element.tokens} />
      <Count name="Stuck" value={element.stuck} sign="stuck" />
      <Count name="Late" value={element.late} sign="late" />
      <Count name="Off the path" value={element.deviating} sign="deviating" />
      <Count name="Visits so far" value={element.visits} />
    </dl>
  )
}

function Count({ name, value, sign }: { name: string; value: number; sign?: SignName }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd data-zero={value === 0 || undefined} data-sign={value === 0 ? undefined : sign}>
        {sign !== undefined && value > 0 && (
          <>
            <Sign name={sign} />{' '}
          </>
        )}
        {value.toLocaleString('en')}
      </dd>
    </div>
  )
}

function Spreads({ element }: { element: ElementFlow }) {
  const { waitP50Ms, waitP95Ms, waitMaxMs, durationP50Ms, durationP95Ms } = element
  if (waitP50Ms === undefined && durationP50Ms === undefined) return null
  return (
    <Section title="Times">
      <table className={classes.spread}>
        <tbody>
          {waitP50Ms !== undefined && <Spread name="Waiting now, half within" ms={waitP50Ms} />}
          {waitP95Ms !== undefined && <Spread name="Waiting now, 95 % within" ms={waitP95Ms} />}
          {waitMaxMs !== undefined && <Spread name="Longest wait now" ms={waitMaxMs} />}
          {durationP50Ms !== undefined && <Spread name="Finished, half within" ms={durationP50Ms} />}
          {durationP95Ms !== undefined && <Spread name="Finished, 95 % within" ms={durationP95Ms} />}
        </tbody>
      </table>
    </Section>
  )
}

function Spread({ name, ms }: { name: string; ms: number }) {
  return (
    <tr>
      <th scope="row">{name}</th>
      <td>{durationText(ms)}</td>
    </tr>
  )
}

function First({ model, version, element }: { model: string; version: number | undefined; element: ElementFlow }) {
  const search = { model, element: element.element, ...(version !== undefined && { version }) }
  const { data, error } = useQuery({ ...firstInstancesQuery(search), enabled: element.tokens > 0 })
  return (
    <Section title="Instances here">
      {error !== null && <ProblemNote error={error} />}
      {element.tokens === 0 && <p className="dim">No instance is here now.</p>}
      {element.tokens > 0 && (
        <>
          <ul className={classes.list}>
            {data?.items.map((instance) => (
              <FirstInstance key={instance.id} instance={instance} element={element.element} />
            ))}
          </ul>
          <Link to="/instances" search={search} className={classes.all} data-testid="all-instances">
            {element.tokens === 1 ? 'Show it in the list' : `All ${element.tokens.toLocaleString('en')} in the list`}
          </Link>
        </>
      )}
    </Section>
  )
}

function FirstInstance({ instance, element }: { instance: InstanceSummary; element: string }) {
  const token = instance.tokens.find((known) => known.element === element)
  return (
    <li className={classes.item}>
      <Link to="/instances/$id" params={{ id: instance.id }} className="clip">
        {instance.key}
      </Link>
      {token?.stuck && (
        <span style={{ color: 'var(--stuck)' }} title="stuck">
          <Sign name="stuck" />
        </span>
      )}
      {token?.late && (
        <span style={{ color: 'var(--late)' }} title="late">
          <Sign name="late" />
        </span>
      )}
      <span>{token !== undefined && <Lasting from={token.since} />}</span>
    </li>
  )
}

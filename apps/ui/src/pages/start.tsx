import { Button } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { post } from '../api.js'
import { IconFileUpload, IconPlayerPlay } from '../icons.js'
import { CopyButton } from '../parts/copy-button.js'
import { DropZone } from '../parts/drop-zone.js'
import { Ago } from '../parts/moment.js'
import { Page } from '../parts/page.js'
import { ProblemNote } from '../parts/problem-note.js'
import { Status } from '../parts/sign.js'
import { eventTypesQuery, modelsQuery, statusQuery } from '../queries.js'
import { bearerToken } from '../token.js'
import { handOverFiles } from './dropped.js'
import classes from './start.module.css'
import { WaysIn } from './ways-in.js'

const lookEveryMs = 1_500

/** The empty product: what to do first, in whatever order it suits, and at once to be seen whether it worked. */
export function StartPage() {
  const navigate = useNavigate()
  const { data: status } = useQuery({ ...statusQuery, refetchInterval: lookEveryMs })
  useQuery({ ...modelsQuery, refetchInterval: lookEveryMs })
  const take = (files: readonly File[]): void => {
    handOverFiles(files)
    void navigate({ to: '/models/deploy' })
  }
  return (
    <Page title="Start" name="Start">
      <div className={classes.start}>
        <header className={classes.hello}>
          <h2>Where is every order, claim or payment now?</h2>
          <p>
            Your services keep emitting the events that they emit anyway. Tidemark follows each process along its BPMN model and says what
            is waiting, late, stuck or off the path.
          </p>
        </header>
        {status !== undefined && <Demo available={status.demoAvailable} running={status.demoRunning} />}
        <ol className={classes.steps}>
          <li>
            <h3>Send an event</h3>
            <p>Any CloudEvent will do. It is kept from now on, also before there is a model.</p>
            <Curl />
            <Received />
            {status !== undefined && status.waysIn.length > 0 && <WaysIn ways={status.waysIn} />}
          </li>
          <li>
            <h3>Deploy a model</h3>
            <p>A task that has the name of an event type is bound to it. Events that came before are followed too.</p>
            <DropZone onFiles={take}>
              <IconFileUpload size={24} stroke={1.4} />
              <b>Drop a BPMN file here, or choose one</b>
              <span className="dim">You see its findings before anything is deployed.</span>
            </DropZone>
          </li>
        </ol>
      </div>
    </Page>
  )
}

/** Where the service runs on real time the demo is a service of its own, because it needs a clock of its own. */
function Demo({ available, running }: { available: boolean; running: boolean }) {
  const client = useQueryClient()
  const start = useMutation({ mutationFn: () => post('/demo'), onSettled: () => void client.invalidateQueries() })
  return (
    <section className={classes.demo} aria-label="Demo">
      <div>
        <h3>See it with a shop</h3>
        <p>
          Six small services, orders around the clock, a day in a second. Some orders get stuck, some payments fail, and after 21 days
          Tidemark cancels what nobody ships.
        </p>
      </div>
      {running ? <Link to="/flow">The shop is open: see its flow</Link>
        : available ? (
            <Button variant="filled" size="sm" leftSection={<IconPlayerPlay size={16} />} loading={start.isPending} onClick={() => start.mutate()} data-testid="start-demo">
              Start the demo
            </Button>
          )
        : <p className={classes.command}><code>npm run demo</code> <CopyButton text="npm run demo" label="Copy the command of the demo" /></p>}
      {start.error !== null && <ProblemNote error={start.error} />}
    </section>
  )
}

function Curl() {
  const text = curlFor(window.location.origin, bearerToken() !== undefined)
  return (
    <div className={classes.curl}>
      <pre data-testid="first-event-curl">{text}</pre>
      <CopyButton text={text} label="Copy the command" />
    </div>
  )
}

/** What has come so far: the answer to "did it work?". */
function Received() {
  const { data: types = [] } = useQuery({ ...eventTypesQuery, refetchInterval: lookEveryMs })
  const shown = [...types].sort((a, b) => (a.lastSeen < b.lastSeen ? 1 : -1)).slice(0, 5)
  if (shown.length === 0)
    return (
      <p className={classes.waiting} role="status">
        <Status tone="quiet">Waiting for the first event</Status>
      </p>
    )
  return (
    <div role="status" data-testid="received">
      <ul className={classes.types}>
        {shown.map(({ type, count, lastSeen }) => (
          <li key={type}>
            <Status tone="good">{type}</Status>
            <span className="dim number">
              {count.toLocaleString('en')} × · <Ago at={lastSeen} />
            </span>
          </li>
        ))}
      </ul>
      <Link to="/events">{types.length > shown.length ? `All ${types.length} types and their events` : 'See the events'}</Link>
    </div>
  )
}

/** The command line for the first event, for the address under which this page is seen. */
export function curlFor(origin: string, withToken: boolean): string {
  const event = '{"specversion":"1.0","id":"1","source":"/my/service","type":"order.placed","subject":"order-1"}'
  const token = withToken ? ' -H "authorization: Bearer $TIDEMARK_TOKEN"' : ''
  return `curl -i ${origin}/api/v1/events -H 'content-type: application/cloudevents+json'${token} -d '${event}'`
}

import { localStorageColorSchemeManager, MantineProvider } from '@mantine/core'
import { Notifications } from '@mantine/notifications'
import { QueryClientProvider } from '@tanstack/react-query'
import { createRootRoute, createRoute, createRouter, Link, RouterProvider } from '@tanstack/react-router'
import { AlertsPage } from './pages/alerts.js'
import { CommandsPage } from './pages/commands.js'
import { DeployPage } from './pages/deploy.js'
import { EventTypesPage } from './pages/event-types.js'
import { EventsPage } from './pages/events.js'
import { FaultsPage } from './pages/faults.js'
import { FlowPage } from './pages/flow.js'
import { HomePage } from './pages/home.js'
import { InstancePage } from './pages/instance.js'
import { InstancesPage } from './pages/instances.js'
import { ModelsPage } from './pages/models.js'
import { StartPage } from './pages/start.js'
import { Empty } from './parts/empty.js'
import { Frame } from './parts/frame.js'
import { ProblemNote } from './parts/problem-note.js'
import { makeQueryClient } from './queries.js'
import { alertSearch, commandSearch, eventSearch, faultSearch, flowSearch, instanceSearch, modelSearch, momentSearch, parseQuery, stringifyQuery, typeSearch } from './search.js'
import { cssVariables, theme } from './theme.js'

const root = createRootRoute({
  component: Frame,
  notFoundComponent: () => <Empty title="There is no such page"><Link to="/">Go to the live flow</Link></Empty>,
  errorComponent: ({ error, reset }) => <ProblemNote error={error} again={reset} />,
})

const routes = [
  createRoute({ getParentRoute: () => root, path: '/', component: HomePage }),
  createRoute({ getParentRoute: () => root, path: '/start', component: StartPage }),
  createRoute({ getParentRoute: () => root, path: '/flow', component: HomePage }),
  createRoute({ getParentRoute: () => root, path: '/flow/$model', component: FlowPage, validateSearch: flowSearch.parse }),
  createRoute({ getParentRoute: () => root, path: '/instances', component: InstancesPage, validateSearch: instanceSearch.parse }),
  createRoute({ getParentRoute: () => root, path: '/instances/$id', component: InstancePage, validateSearch: momentSearch.parse }),
  createRoute({ getParentRoute: () => root, path: '/alerts', component: AlertsPage, validateSearch: alertSearch.parse }),
  createRoute({ getParentRoute: () => root, path: '/commands', component: CommandsPage, validateSearch: commandSearch.parse }),
  createRoute({ getParentRoute: () => root, path: '/events', component: EventsPage, validateSearch: eventSearch.parse }),
  createRoute({ getParentRoute: () => root, path: '/events/types', component: EventTypesPage, validateSearch: typeSearch.parse }),
  createRoute({ getParentRoute: () => root, path: '/faults', component: FaultsPage, validateSearch: faultSearch.parse }),
  createRoute({ getParentRoute: () => root, path: '/models', component: ModelsPage, validateSearch: modelSearch.parse }),
  createRoute({ getParentRoute: () => root, path: '/models/deploy', component: DeployPage }),
] as const

const router = createRouter({
  routeTree: root.addChildren(routes),
  parseSearch: parseQuery,
  stringifySearch: stringifyQuery,
  defaultErrorComponent: ({ error, reset }) => <ProblemNote error={error} again={reset} />,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}

const schemes = localStorageColorSchemeManager({ key: 'tidemark-color-scheme' })
const client = makeQueryClient()

export function App() {
  return (
    <MantineProvider theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="auto" colorSchemeManager={schemes}>
      <QueryClientProvider client={client}>
        <Notifications position="bottom-center" autoClose={4_000} limit={3} />
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  )
}

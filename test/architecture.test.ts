import { basename } from 'node:path'
import { describe, expect, test } from 'vitest'
import { isTest, sourceFiles, type Import, type SourceFile } from './support/source-files.js'

/** Who may import whom: docs/ARCHITECTURE.md. Tests may reach into any room; what ships may not. */
const all = sourceFiles()
const shipped = all.filter((file) => !isTest(file.path))

const below = (...folders: string[]): SourceFile[] => shipped.filter((file) => folders.some((folder) => file.path.startsWith(folder)))

/** `file -> import` for every import that the rule forbids. */
function importing(files: readonly SourceFile[], forbidden: (one: Import) => boolean): string[] {
  return files.flatMap((file) => file.imports.filter(forbidden).map((one) => `${file.path} -> ${one.specifier}`))
}

/** `file: use` for every use outside the places that may. */
function using(files: readonly SourceFile[], names: readonly string[]): string[] {
  return files.flatMap((file) => names.filter((name) => file.uses.has(name)).map((name) => `${file.path}: ${name}`))
}

const comesFrom = (...packages: string[]) => (one: Import): boolean => packages.some((name) => one.specifier === name || one.specifier.startsWith(`${name}/`))
const reaches = (...folders: string[]) => (one: Import): boolean => folders.some((folder) => one.target?.startsWith(folder) === true)

test('there is something to look at', () => {
  expect(below('libs/bpmn/').length).toBeGreaterThan(5)
  expect(below('apps/tracker/').length).toBeGreaterThan(20)
})

describe('libraries', () => {
  const ours = ['log', 'bpmn', 'api'] as const

  test('never import an app', () => {
    expect(importing(below('libs/', 'migrations/'), (one) => reaches('apps/', 'examples/')(one) || comesFrom('@tidemark/tracker', '@tidemark/ui', '@tidemark/example-order-fulfilment')(one))).toEqual([])
  })

  test.each(ours)('%s does not know the others', (own) => {
    const others = ours.filter((name) => name !== own)
    expect(importing(below(`libs/${own}/`), (one) => reaches(...others.map((name) => `libs/${name}/`), 'migrations/')(one) || comesFrom(...others.map((name) => `@tidemark/${name}`), '@tidemark/migrations')(one))).toEqual([])
  })

  test('are entered by their doors, never through a path into another package', () => {
    const packageOf = (path: string): string => path.split('/').slice(0, path.startsWith('migrations/') ? 1 : 2).join('/')
    const strays = shipped.flatMap((file) =>
      file.imports.filter((one) => one.target !== undefined && packageOf(one.target) !== packageOf(file.path)).map((one) => `${file.path} -> ${one.specifier}`),
    )
    expect(strays).toEqual([])
  })

  test('bpmn knows no Node API, no clock and no randomness', () => {
    const nodeModules = ['fs', 'path', 'os', 'crypto', 'util', 'stream', 'events', 'buffer', 'url', 'zlib', 'worker_threads']
    const bpmn = below('libs/bpmn/')
    expect(importing(bpmn, (one) => one.specifier.startsWith('node:') || nodeModules.includes(one.specifier))).toEqual([])
    // A variable that is called `process` is a model here, so that Node's is told by its members.
    const ofNode = ['env', 'nextTick', 'hrtime', 'cwd', 'argv', 'exit', 'stdout', 'stderr', 'platform', 'versions', 'on', 'pid', 'memoryUsage'].map((member) => `process.${member}`)
    const impure = ['Buffer', 'Buffer.from', 'Date.now', 'new Date()', 'Math.random', 'performance', 'performance.now', 'setTimeout', 'setInterval', 'crypto', 'crypto.randomUUID']
    expect(using(bpmn, [...ofNode, ...impure])).toEqual([])
  })
})

describe('the tracker', () => {
  const rooms = ['ingest', 'track', 'deliver', 'serve'] as const

  test.each(rooms)('%s meets the other rooms only in store', (own) => {
    const others = rooms.filter((room) => room !== own).map((room) => `apps/tracker/src/${room}/`)
    expect(importing(below(`apps/tracker/src/${own}/`), reaches(...others))).toEqual([])
  })

  test('store knows no other room', () => {
    expect(importing(below('apps/tracker/src/store/'), reaches(...rooms.map((room) => `apps/tracker/src/${room}/`), 'apps/tracker/src/cli/'))).toEqual([])
  })

  test('has a core that reads no clock, no randomness and does no I/O', () => {
    const core = below('apps/tracker/src/track/core/')
    expect(importing(core, (one) => one.specifier.startsWith('node:fs') || comesFrom('pg', 'typeorm', '@nestjs')(one) || reaches('apps/tracker/src/clock')(one))).toEqual([])
    expect(using(core, ['Date.now', 'new Date()', 'Math.random', 'process.env', 'fetch', 'performance.now'])).toEqual([])
  })

  test('is not built on its command line', () => {
    const others = below('apps/tracker/src/').filter((file) => !file.path.startsWith('apps/tracker/src/cli/'))
    expect(importing(others, reaches('apps/tracker/src/cli/'))).toEqual([])
  })
})

describe('frameworks stay where they belong', () => {
  const outside = (...places: string[]): SourceFile[] => shipped.filter((file) => !places.some((place) => file.path.startsWith(place)))

  test('Nest in the tracker and in libs/log/src/nest', () => {
    expect(importing(outside('apps/tracker/', 'libs/log/src/nest/', 'bench/', 'examples/'), comesFrom('@nestjs'))).toEqual([])
  })

  test('TypeORM in store and migrations', () => {
    expect(importing(outside('apps/tracker/src/store/', 'migrations/'), comesFrom('typeorm'))).toEqual([])
  })

  test('bpmn-js in the diagram', () => {
    expect(importing(outside('apps/ui/src/diagram/'), comesFrom('bpmn-js', 'diagram-js'))).toEqual([])
  })

  test('the shop\'s services know nothing of Tidemark', () => {
    expect(importing(below('examples/order-fulfilment/'), comesFrom('@tidemark'))).toEqual([])
  })
})

describe('one reader each', () => {
  const product = below('apps/tracker/', 'libs/', 'migrations/')

  test('of the environment: config.ts', () => {
    expect(using(product.filter((file) => file.path !== 'apps/tracker/src/config.ts'), ['process.env'])).toEqual([])
  })

  test('of the wall clock: clock.ts, and the default of the log', () => {
    const others = product.filter((file) => file.path !== 'apps/tracker/src/clock.ts')
    const reading = using(others, ['Date.now', 'new Date()'])
    expect(reading.filter((use) => !use.startsWith('libs/log/src/'))).toEqual([])
    // The log is useful alone: where no clock is handed to it, the machine's is its default, named but never called.
    const calling = others.filter((file) => file.path.startsWith('libs/log/src/') && file.uses.has('Date.now()')).map((file) => file.path)
    expect([...calling, ...reading.filter((use) => use.endsWith('new Date()'))]).toEqual([])
  })
})

describe('files', () => {
  test('do not import each other in circles', () => {
    expect(cycles(all)).toEqual([])
  })

  test('are named after their subject', () => {
    const vague = /^(?:utils?|helpers?|common|types?|managers?|handlers?|misc)\.|[-.](?:utils?|helpers?|manager|handler)\.tsx?$/
    expect(all.map((file) => file.path).filter((path) => vague.test(basename(path)))).toEqual([])
  })
})

/** Each circle once, from its first file in alphabetical order. What is imported as a type only is gone when the program runs. */
function cycles(files: readonly SourceFile[]): string[] {
  const next = new Map(files.map((file) => [file.path, file.imports.filter((one) => !one.typeOnly).flatMap((one) => one.target ?? [])]))
  const state = new Map<string, 'open' | 'done'>()
  const found = new Set<string>()
  const path: string[] = []
  const visit = (file: string): void => {
    if (state.get(file) === 'done') return
    if (state.get(file) === 'open') {
      const circle = path.slice(path.indexOf(file))
      const first = circle.indexOf(circle.toSorted()[0] ?? file)
      found.add([...circle.slice(first), ...circle.slice(0, first)].join(' -> '))
      return
    }
    state.set(file, 'open')
    path.push(file)
    for (const target of next.get(file) ?? []) visit(target)
    path.pop()
    state.set(file, 'done')
  }
  for (const file of [...next.keys()].sort()) visit(file)
  return [...found]
}

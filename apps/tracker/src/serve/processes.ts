import type { Element, ProcessModel } from '@tidemark/bpmn'
import type { Database } from '../store/database.js'
import { readProcessesOf } from '../store/read/models.js'

/** Compiled processes held in memory: a version never changes, so they need no invalidation. */
const CACHED = 64

export interface NamedProcess {
  readonly process: ProcessModel
  readonly elements: ReadonlyMap<string, Element>
}

export interface VersionOf {
  readonly model: string
  readonly version: number
}

/** The compiled processes by version, for names of elements and what they wait for. The least recently used leaves first. */
export class Processes {
  readonly #cache = new Map<string, NamedProcess>()

  constructor(private readonly db: Database) {}

  async get(model: string, version: number): Promise<NamedProcess | undefined> {
    return (await this.load([{ model, version }]))({ model, version })
  }

  /** Loads what is missing with one query and answers the look-up. */
  async load(versions: readonly VersionOf[]): Promise<(version: VersionOf) => NamedProcess | undefined> {
    const loaded = new Map<string, NamedProcess>()
    const missing = new Map<string, VersionOf>()
    for (const version of versions) {
      const cached = this.#cache.get(keyOf(version))
      if (cached === undefined) missing.set(keyOf(version), version)
      else loaded.set(keyOf(version), cached)
    }
    if (missing.size > 0) {
      const wanted = [...missing.values()]
      for (const row of await readProcessesOf(this.db, wanted.map((v) => v.model), wanted.map((v) => v.version))) {
        loaded.set(keyOf(row), { process: row.process, elements: new Map(row.process.elements.map((element) => [element.id, element])) })
      }
    }
    for (const [key, process] of loaded) this.#remember(key, process)
    return (version) => loaded.get(keyOf(version))
  }

  #remember(key: string, process: NamedProcess): void {
    this.#cache.delete(key)
    this.#cache.set(key, process)
    for (const oldest of this.#cache.keys()) {
      if (this.#cache.size <= CACHED) return
      this.#cache.delete(oldest)
    }
  }
}

/** The element's name, its id where the model gives none or is not known. */
export function nameOf(process: NamedProcess | undefined, element: string): string {
  const name = process?.elements.get(element)?.name
  return name === undefined || name === '' ? element : name
}

function keyOf(version: VersionOf): string {
  return `${version.version}\0${version.model}`
}

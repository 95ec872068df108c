/** What trackers that share a log tell each other over the database: each hears it a moment later, or never, where its connection is broken just then. */
import type { Chance } from './chance.js'
import type { Life } from './life.js'
import type { VirtualTime } from './virtual-time.js'

const UNDER_WAY_MS = 2

export class Switchboard {
  readonly #ears = new Set<{ readonly life: Life; readonly hear: (payload: string) => void }>()

  constructor(private readonly chance: Chance, private readonly time: VirtualTime) {}

  async listen(life: Life, hear: (payload: string) => void): Promise<() => Promise<void>> {
    const ear = { life, hear }
    this.#ears.add(ear)
    return async () => void this.#ears.delete(ear)
  }

  say(payload: string): void {
    for (const ear of this.#ears) {
      if (ear.life.isOver) this.#ears.delete(ear)
      else if (!this.chance.strikes('an announcement is lost')) void this.#tell(ear, payload)
    }
  }

  async #tell(ear: { readonly life: Life; readonly hear: (payload: string) => void }, payload: string): Promise<void> {
    await this.time.sleep(UNDER_WAY_MS)
    await ear.life.running()
    if (this.#ears.has(ear)) ear.hear(payload)
  }
}

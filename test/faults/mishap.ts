import type { FaultHouse } from './house.js'

/** What happens to a house while events come in. Each ends with everything standing again; how well it stands is for others to find out. */
export interface Mishap {
  readonly name: string
  /** Whether the house has what it happens to. */
  readonly applies: (house: FaultHouse) => boolean
  /** How often, beside others; 1 where nothing is said. */
  readonly weight?: number
  /** @param share between 0 and 1, thrown anew by each call */
  readonly happen: (house: FaultHouse, share: () => number) => Promise<void>
}

export const always = (): boolean => true
export const hasPostgres = (house: FaultHouse): boolean => house.postgres !== undefined
export const hasNats = (house: FaultHouse): boolean => house.nats !== undefined

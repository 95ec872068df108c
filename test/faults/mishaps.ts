/** All that can happen to a house, and which of it does. */
import type { Dice } from '@tidemark/example-order-fulfilment'
import type { FaultHouse } from './house.js'
import type { Mishap } from './mishap.js'
import { mishapsOfDatabases } from './mishaps-of-databases.js'
import { mishapsOfNetworks } from './mishaps-of-networks.js'
import { mishapsOfSenders } from './mishaps-of-senders.js'
import { mishapsOfTrackers } from './mishaps-of-trackers.js'

export const mishaps: readonly Mishap[] = [...mishapsOfTrackers, ...mishapsOfNetworks, ...mishapsOfDatabases, ...mishapsOfSenders]

/** @param only of which the name has this in it; all where none that can happen has */
export function pickMishap(house: FaultHouse, dice: Dice, number: number, only: string): Mishap {
  const applying = mishaps.filter(({ applies }) => applies(house))
  const named = applying.filter(({ name }) => name.includes(only))
  const possible = named.length === 0 ? applying : named
  let at = dice.roll('mishap', number) * possible.reduce((sum, { weight = 1 }) => sum + weight, 0)
  return possible.find(({ weight = 1 }) => (at -= weight) < 0) ?? possible[0]!
}

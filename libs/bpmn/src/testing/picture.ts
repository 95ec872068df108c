/** What a unit shows, as text: equal texts are equal instances, down to the last deadline. */
import type { Unit } from '../track/unit.js'

export function pictureOf(unit: Unit, clock: number): string {
  const instances = unit.view(clock).map(({ shown: _shown, ...rest }) => rest)
  return JSON.stringify(instances, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value instanceof Map ? [...value] : value))
}

/** The token waits at it until the first of the events behind it takes it from there. */
import type { ElementRule } from '../builder.js'

export const eventBasedGateway: ElementRule = {
  leftByTargets: true,
  compile() {
    // Its targets have the transitions.
  },
}

import { initial } from './0001-initial.js'
import { incidentsAndOutages } from './0002-incidents-and-outages.js'
import { pastMoments } from './0003-past-moments.js'
import { faultedUnits } from './0004-faulted-units.js'
import { assignedAndSilencedAlerts } from './0005-assigned-and-silenced-alerts.js'
import { instancesByState } from './0006-instances-by-state.js'
import { droppedHistory } from './0007-dropped-history.js'
import { placesInLists } from './0008-places-in-lists.js'
import { severalTrackers } from './0009-several-trackers.js'
import { itemsOfDeviations } from './0010-items-of-deviations.js'
import { alertsByOpening } from './0011-alerts-by-opening.js'
import { discardedEvents } from './0012-discarded-events.js'
import { cheaperUpkeep } from './0013-cheaper-upkeep.js'
import { neighbouringIdentities } from './0014-neighbouring-identities.js'
import { smallerSamples } from './0015-smaller-samples.js'
import { countedCommits } from './0016-counted-commits.js'
import { jsonAsText } from './0017-json-as-text.js'

export interface Migration {
  /** Runs in order; never changes once landed. */
  readonly id: string
  /** Statements, each run on its own inside the migration's transaction. */
  readonly statements: readonly string[]
  /** State from before it is refused, by a `raise exception` with errcode `TM001` and a message that says what to do. */
  readonly takesNothingOver?: boolean
}

/** Every step, oldest first. */
export const migrations: readonly Migration[] = [
  initial, incidentsAndOutages, pastMoments, faultedUnits, assignedAndSilencedAlerts, instancesByState, droppedHistory, placesInLists, severalTrackers, itemsOfDeviations,
  alertsByOpening, discardedEvents, cheaperUpkeep, neighbouringIdentities, smallerSamples, countedCommits, jsonAsText,
]

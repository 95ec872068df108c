import type { Status } from '@tidemark/api'
import type { Log } from '@tidemark/log'
import type { Clock } from '../clock.js'
import type { Settings } from '../config.js'
import type { Database } from '../store/database.js'
import { lagOf } from '../store/lag.js'
import type { Progress } from '../store/progress.js'
import type { Standing } from '../store/standing.js'
import { readFaultTotals } from '../store/read/faults.js'
import { readTotals } from '../store/read/totals.js'
import type { WaysIn } from '../store/ways-in.js'
import { readMembers, type Member } from '../store/write/members.js'
import { readShards, type ShardState } from '../store/write/shards.js'
import { version } from '../version.js'
import { rfc3339 } from './times.js'

export interface StatusContext {
  readonly db: Database
  readonly log: Log
  readonly progress: Progress
  readonly clock: Clock
  readonly settings: Settings
  readonly waysIn: WaysIn
}

/** What the header of the UI shows. */
export async function showStatus({ db, log, progress, clock, settings, waysIn }: StatusContext): Promise<Status> {
  const [totals, faults, members, shards] = await Promise.all([readTotals(db), readFaultTotals(db), readMembers(db), readShards(db)])
  const lag = lagOf(log, progress, clock)
  const models = Number(totals.models)
  return {
    version,
    now: rfc3339(clock.now()), clockScale: clock.scale,
    embedded: { log: settings.jetstream === undefined, database: db.embedded },
    head: String(log.stats().last), folded: String(progress.position), lagSeconds: lag.seconds, lagEntries: lag.entries,
    events: Number(totals.events), models, following: followingOf(progress.standing, settings.follows),
    ...sharingOf(members, shards, progress.standing), fencedWrites: progress.standing.fencedWrites,
    openAlerts: Number(totals.open_alerts), proposedCommands: Number(totals.proposed_commands),
    faults: { instances: Number(faults.instances), models: Number(faults.models), events: Number(faults.events) },
    waysIn: waysIn.list().map(({ lastAt, ...way }) => ({ ...way, ...(lastAt === undefined ? {} : { lastAt: rfc3339(lastAt) }) })),
    demoAvailable: settings.demo && models === 0, demoRunning: settings.demo && models > 0,
  }
}

function followingOf({ failure }: Standing, follows: boolean): Status['following'] {
  if (!follows) return { state: 'off' }
  return failure === undefined ? { state: 'on' } : { state: 'stopped', error: failure.detail }
}

function sharingOf(members: readonly Member[], shards: readonly ShardState[], standing: Standing): Pick<Status, 'members' | 'shards'> {
  const names = new Map(members.map(({ id, name }) => [id, name]))
  const nameOf = (owner: string | undefined) => (owner === undefined || members.length === 0 ? owner : names.get(owner))
  return {
    members: members.map(({ id, name }) => ({ name, shards: shards.filter(({ owner }) => owner === id).length, isThisOne: name === standing.member })),
    shards: shards.map(({ id, owner, epoch, position }) => {
      const name = nameOf(owner)
      return { id, ...(name === undefined ? {} : { owner: name }), epoch: String(epoch), position: String(position) }
    }),
  }
}

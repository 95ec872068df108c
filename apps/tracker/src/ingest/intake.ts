import type { EventsAccepted } from '@tidemark/api'
import type { Appended, Draft, Log } from '@tidemark/log'
import type { Policy } from '../policy/policy.js'
import { type ProblemItem, TrackerError } from '../problem.js'
import { QUARANTINE_SUBJECT } from '../store/entries.js'
import type { EventDraft } from './cloud-event.js'

/** Of what is kept in quarantine: enough to see what it was. */
const MAX_KEPT_CHARACTERS = 64 * 1024
/** Faults told in one answer. */
const MAX_ERRORS = 20

/**
 * Where all ways in end: what the policy asks of events is applied here, before anything is stored, and one append takes what is left. A batch is
 * taken whole or refused whole: a fault of one event throws `schemaFault` and names it.
 */
export class Intake {
  constructor(private readonly log: Log, private readonly policy: Policy) {}

  /** Holds on to nothing while the disk is waited for: what lives that long costs the collector most. */
  take(drafts: readonly EventDraft[]): Promise<EventsAccepted> {
    const kept = this.policy.isEmpty ? drafts : this.#kept(drafts)
    return this.log.append(kept).then(answer(drafts.length - kept.length))
  }

  /** For ways in that cannot refuse. Where a rule keeps something out, bytes in which it cannot be found are not stored, only that they were there. */
  quarantine(bytes: Uint8Array): Promise<Appended> {
    const payload = this.policy.keepsOut ? Buffer.from(JSON.stringify({ unreadable: true, bytes: bytes.length })) : bytes
    return this.log.append([{ kind: 'event', subject: QUARANTINE_SUBJECT, payload }])
  }

  /** For ways in that cannot refuse and append by themselves: what is to be stored of an event, undefined where a rule drops it. */
  admit(draft: EventDraft, from: string): Draft | undefined {
    if (this.policy.isEmpty) return draft
    const verdict = this.policy.verdictOf(draft)
    switch (verdict.kind) {
      case 'taken':
        return { ...draft, payload: verdict.payload }
      case 'dropped':
        return undefined
      case 'refused':
        return this.quarantined(`${verdict.attribute} ${verdict.message}`, from, Buffer.from(draft.payload).toString(), draft.key)
    }
  }

  /**
   * What such a way in keeps of what is no event: the reason, where it came from, and its content, unless a rule might have kept some of that out.
   * `key` makes a repetition the same entry.
   */
  quarantined(refused: string, from: string, content: string, key?: string): Draft {
    const kept = content.length <= MAX_KEPT_CHARACTERS ? content : `${content.slice(0, MAX_KEPT_CHARACTERS).toWellFormed()}...`
    const said = { refused, from, ...(this.policy.keepsOut ? { characters: content.length } : { content: kept }) }
    return { kind: 'event', subject: QUARANTINE_SUBJECT, payload: Buffer.from(JSON.stringify(said)), ...(key === undefined ? {} : { key }) }
  }

  #kept(drafts: readonly EventDraft[]): readonly Draft[] {
    const kept: Draft[] = []
    const errors: ProblemItem[] = []
    for (const [index, draft] of drafts.entries()) {
      const verdict = this.policy.verdictOf(draft)
      if (verdict.kind === 'taken') kept.push(verdict.payload === draft.payload ? draft : { ...draft, payload: verdict.payload })
      else if (verdict.kind === 'refused') errors.push({ ...(drafts.length === 1 ? {} : { index }), attribute: verdict.attribute, message: verdict.message })
      if (errors.length >= MAX_ERRORS) break
    }
    if (errors.length > 0) throw refused(errors)
    return kept
  }
}

function answer(dropped: number): (appended: Appended) => EventsAccepted {
  return ({ accepted, duplicates, last }) => ({ accepted, duplicates, position: String(last), ...(dropped === 0 ? {} : { dropped }) })
}

function refused(errors: readonly ProblemItem[]): TrackerError {
  const { index, attribute, message } = errors[0]!
  const where = index === undefined ? 'The event' : `Event ${index} of the batch`
  const rest = errors.length === 1 ? '' : ` (and ${errors.length - 1} more)`
  const consequence = index === undefined ? '' : ' Nothing of the batch was taken.'
  return new TrackerError('schemaFault', 422, `${where} does not fit its schema: ${attribute} ${message}${rest}.${consequence}`, errors)
}

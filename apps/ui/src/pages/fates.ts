import type { FateKind } from '@tidemark/api'

/** What became of an event, in a sentence. */
export const fateTexts: Record<FateKind, string> = {
  pending: 'In the log, not followed yet.',
  tracked: 'Followed: it belongs to an instance.',
  duplicate: 'Sent before with the same source and id; it counts once.',
  waiting: 'Bound by a model, but its key is not linked to an instance yet.',
  ignored: 'A rule says that it does not matter.',
  incident: 'It has no instance, and a rule says that somebody should look.',
  unmatched: 'No model binds it.',
  quarantined: 'It could not be read and is kept aside.',
  discarded: 'It could not be read, and a person says that nothing is to become of it.',
  tooOld: 'The history of its instance had been dropped before it came.',
}

export const fateTones: Record<FateKind, 'active' | 'good' | 'quiet' | 'stuck' | 'late'> = {
  pending: 'active', tracked: 'good', duplicate: 'quiet', waiting: 'stuck', ignored: 'quiet', incident: 'late', unmatched: 'quiet', quarantined: 'late', discarded: 'quiet', tooOld: 'quiet',
}

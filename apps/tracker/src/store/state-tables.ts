/**
 * The tables that are a function of the log, and what of them is not: attempts, times of commits, what a cut in the log made visible for a moment. Two
 * folds of one log, wherever their batches were cut, agree in the rest.
 */
export interface StateTable {
  /** Columns that two folds of one log may differ in. */
  readonly without?: readonly string[]
  /** Columns that hold JSON as text. */
  readonly json?: readonly string[]
  /** Rows that mean the same as none. */
  readonly unless?: string
}

export const STATE_TABLES: Readonly<Record<string, StateTable>> = {
  shard: { without: ['epoch', 'owner', 'commits'] },
  model_version: { without: ['position'] },
  model_shard: { without: ['position'] },
  // Ids that a run had before depend on which of its events were folded together.
  instance: { without: ['shown_at', 'position', 'former_ids'], json: ['tokens_json', 'variables_json'] },
  instance_event: { json: ['labels_json', 'patch_json'] },
  token: {},
  deadline: {},
  deviation: {},
  instance_key: {},
  waiting_event: { json: ['fact_json'] },
  faulted_unit: { without: ['since'] },
  event_fate: {},
  event_type: {},
  model_count: { unless: 'active = 0 and completed = 0 and terminated = 0' },
  element_count: { unless: 'tokens = 0 and stuck = 0 and late = 0 and deviating = 0 and visits = 0' },
  flow_count: { unless: 'count = 0' },
  element_duration: { unless: 'count = 0' },
  // A quiet one was never told of: its cause was there for a moment that another cut may not see.
  alert: { unless: `status = 'quiet'` },
  // The clock of the commit that saw it first: what is said of alerts is always folded behind it.
  alert_member: { without: ['joined_at'] },
  command: { without: ['attempts', 'next_attempt_at', 'error'] },
  operation: {},
  dropped_unit: {},
  dropped_history: {},
}

/**
 * Instances of a version in a state, newest first, in one range: what lists are read from, and how many were under way at a moment. It takes the
 * place of three indexes, each of which a new instance had to be written to.
 */
export const instancesByState = {
  id: '0006-instances-by-state',
  statements: [
    `create index instance_state on instance (model, version, status, started_at, id)`,
    `drop index instance_model`,
    `drop index instance_terminated`,
    `drop index instance_underway`,
  ],
}

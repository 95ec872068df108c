/**
 * Which instances were under way at a moment: those that have ended since, and those that have not, each in one range of an index that holds
 * all that is asked. Ids are hashes, so that a range of them is a fair sample.
 */
export const pastMoments = {
  id: '0003-past-moments',
  statements: [
    `create index instance_ended on instance (model, version, ended_at, started_at, status, id) where ended_at is not null`,
    `create index instance_underway on instance (model, version, started_at, id) where ended_at is null`,
  ],
}

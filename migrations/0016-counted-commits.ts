/**
 * Trackers and pages that share a database tell each other of each commit, and what they tell may be lost. A commit that leaves its shards where they are
 * (deadlines that pass) could not be seen in the table either; now each is counted.
 */
export const countedCommits = {
  id: '0016-counted-commits',
  statements: [`alter table shard add column commits bigint not null default 0`],
}

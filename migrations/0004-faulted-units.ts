/** Units that could not be folded: what came before `position` is folded and shown, what came since waits in the facts. */
export const faultedUnits = {
  id: '0004-faulted-units',
  statements: [
    `create table faulted_unit (
      unit uuid primary key, shard int not null, model text not null, key text not null, position bigint not null, error text not null, since bigint not null
    )`,
    `create index faulted_unit_list on faulted_unit (since desc, unit)`,
  ],
}

/**
 * Trackers that share one log. A member says with its lease that it lives, one row for all its shards; a shard says who owns it, and its epoch keeps
 * out who did before. How far each shard has followed a version stands by itself, so that each owner catches up with its own.
 */
export const severalTrackers = {
  id: '0009-several-trackers',
  statements: [
    `create table member (id text primary key, name text not null, started_at timestamptz not null default now(), lease_until timestamptz not null)`,
    `alter table shard drop column lease_until`,
    `create table model_shard (
      model text not null, version int not null, shard int not null,
      status text not null check (status in ('catchingUp', 'active', 'suspended')),
      position bigint not null,
      primary key (model, version, shard)
    )`,
    `insert into model_shard (model, version, shard, status, position)
     select model_version.model, model_version.version, shard.id, model_version.status, model_version.position from model_version cross join shard`,
  ],
}

/**
 * What has ended long ago may go. `closed_at`: when an instance had ended for good, as far as that was known; by it, oldest first, history is
 * dropped. What is left of a unit is that it was there, so that an event that comes later is told from one that begins an instance.
 */
export const droppedHistory = {
  id: '0007-dropped-history',
  statements: [
    `alter table instance add column closed_at bigint`,
    `update instance set closed_at = greatest(instance.ended_at, (select max(append_time) from instance_event e where e.unit = instance.unit and e.instance = instance.id),
       (select min(deployed_at) from model_version v where v.model = instance.model)) where ended_at is not null`,
    `create index instance_closed on instance (closed_at, id) where closed_at is not null`,
    `create table dropped_unit (unit uuid primary key, shard int not null, position bigint not null)`,
    // How far history has been dropped, and how much of it. In each shard the same, but for the count.
    `create table dropped_history (shard int primary key, closed_at bigint not null, instance uuid not null, position bigint not null, units bigint not null)`,
    `alter table event_fate drop constraint event_fate_kind_check`,
    `alter table event_fate add constraint event_fate_kind_check check (kind in ('duplicate', 'waiting', 'ignored', 'incident', 'quarantined', 'tooOld'))`,
  ],
}

/**
 * Decision tables about events without an instance, as they were deployed and what they said; and the times in which nothing was appended
 * because we were down.
 */
export const incidentsAndOutages = {
  id: '0002-incidents-and-outages',
  statements: [
    `alter table model_version add column decision text`,
    `alter table event_fate drop constraint event_fate_kind_check`,
    `alter table event_fate add constraint event_fate_kind_check check (kind in ('duplicate', 'waiting', 'ignored', 'incident', 'quarantined'))`,
    // Of a unit that has no instance yet: whose deadline it is.
    `alter table deadline add column model text, add column key text`,
    `create table outage (from_time bigint primary key, to_time bigint not null)`,
  ],
}

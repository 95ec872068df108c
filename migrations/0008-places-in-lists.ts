/**
 * What lists and the live flow read stands in their indexes: deviations of a kind by when they happened, waits with the version. And how tables are
 * kept: rows that are only written and deleted need no room to grow, counters need much, and large tables are looked after before a fifth of them
 * is dead.
 */
const LARGE = 'autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.02'

export const placesInLists = {
  id: '0008-places-in-lists',
  statements: [
    `create index deviation_latest on deviation (kind, at, instance)`,
    `drop index deviation_kind`,
    `create index token_place on token (model, element, since, instance) include (version)`,
    `drop index token_waiting`,
    `alter table instance set (fillfactor = 70, ${LARGE})`,
    `alter table instance_event set (${LARGE}, autovacuum_vacuum_insert_scale_factor = 0.1)`,
    `alter table token set (fillfactor = 100, ${LARGE})`,
    // Its indexed column is what changes, so that room in the page helps nobody.
    `alter table deadline set (fillfactor = 100, ${LARGE})`,
    ...['shard', 'model_count', 'element_count', 'flow_count', 'element_duration', 'event_type'].map((table) => `alter table ${table} set (fillfactor = 50)`),
  ],
}

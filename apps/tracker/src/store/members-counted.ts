/** Members are counted up to here; more are shown as this many. */
export const MEMBERS_COUNTED = 100_000

/**
 * SQL: how many instances have the cause of an alert now, as `members`. The order in the count means nothing but that it walks the key: the planner
 * would rather read the whole table for each alert when one of them has most members.
 */
export function countOfMembers(alert: string): string {
  return `(select count(*) from (select 1 from alert_member m where m.alert = ${alert}.id order by m.instance limit ${MEMBERS_COUNTED}) as members)::bigint as members`
}

/** Which instances have a cause of alarm; what becomes of alerts stands in alerts.ts. */
import { bigints, booleans, texts, uuids } from '../binary.js'
import type { Queryable } from '../database.js'
import type { Changes } from './changes.js'
import { compare, type Statements } from './rows.js'

export function changeAlertMembers(tx: Queryable, { alerts, members, goneMembers }: Changes): Statements {
  const statements: Statements = []
  const causes = [...alerts.values()].sort((a, b) => compare(a.id, b.id))
  if (causes.length > 0) {
    statements.push(tx.query(
      `insert into alert (id, kind, severity, model, element, title, status)
       select id, kind, severity, model, element, title, 'quiet'
       from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[]) as row (id, kind, severity, model, element, title)
       on conflict (id) do update set severity = excluded.severity, title = excluded.title
         where alert.severity <> excluded.severity or alert.title <> excluded.title`,
      [
        uuids(causes, (row) => row.id), texts(causes, (row) => row.kind), texts(causes, (row) => row.severity), texts(causes, (row) => row.model),
        texts(causes, (row) => row.element), texts(causes, (row) => row.title),
      ],
    ))
  }
  if (goneMembers.length > 0) {
    statements.push(tx.query(
      `delete from alert_member as member using unnest($1::uuid[], $2::uuid[]) as row (alert, instance) where member.alert = row.alert and member.instance = row.instance`,
      [uuids(goneMembers, (row) => row.alert), uuids(goneMembers, (row) => row.instance)],
    ))
  }
  if (members.length > 0) {
    statements.push(tx.query(
      `insert into alert_member (alert, instance, since, joined_at, silent) select * from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[], $5::boolean[])
       on conflict (alert, instance) do update set since = excluded.since, silent = excluded.silent`,
      [
        uuids(members, (row) => row.alert), uuids(members, (row) => row.instance), bigints(members, (row) => row.since), bigints(members, (row) => row.joinedAt),
        booleans(members, (row) => row.silent),
      ],
    ))
  }
  return statements
}

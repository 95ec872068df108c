/**
 * JSON that the tracker wrote itself is kept as the text that it is. To have it checked, and taken apart into `jsonb`, cost Postgres a third of what updating an
 * instance costs; nothing looks into it but a filter on variables, which reads it then. The columns have new names: a tracker of an older version would take
 * their text for something else, and so finds none of them.
 */
const COLUMNS = { instance: ['tokens', 'variables'], instance_event: ['labels', 'patch'], waiting_event: ['fact'] }

export const jsonAsText = {
  id: '0017-json-as-text',
  statements: Object.entries(COLUMNS).flatMap(([table, columns]) => [
    ...columns.map((column) => `alter table ${table} rename column ${column} to ${column}_json`),
    `alter table ${table} ${columns.map((column) => `alter column ${column}_json type text`).join(', ')}`,
    // Nothing would be learned from it (0013-cheaper-upkeep).
    `alter table ${table} ${columns.map((column) => `alter column ${column}_json set statistics 0`).join(', ')}`,
  ]),
}

/** Who looks after an alert, and until when nobody is told of it. `announced`: the last episode that people were told of. */
export const assignedAndSilencedAlerts = {
  id: '0005-assigned-and-silenced-alerts',
  statements: [
    `alter table alert add column assigned_to text, add column silenced_until bigint, add column silenced_by text, add column announced int not null default 0`,
    `update alert set announced = episode`,
  ],
}

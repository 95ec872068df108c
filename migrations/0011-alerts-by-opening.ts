/**
 * Alerts are listed by when they opened, which the log says. How many instances ever joined one, and when the last did, depended on where batches were
 * cut: what came and went within one was never counted.
 */
export const alertsByOpening = {
  id: '0011-alerts-by-opening',
  statements: [
    `drop index alert_status`,
    `alter table alert drop column total, drop column last_at`,
    `create index alert_status on alert (status, opened_at desc, id desc)`,
  ],
}

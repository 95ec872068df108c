import type { ClaimedDelivery } from '../store/deliver/alerts.js'

/** What Alertmanager writes for "not over yet". */
const NOT_YET = '0001-01-01T00:00:00Z'

/** The version 4 body of Alertmanager's webhook, which receivers of many kinds understand. The fingerprint is the cause's id, never an instance's. */
export function alertMessage(delivery: ClaimedDelivery, externalUrl: string): Record<string, unknown> {
  const status = delivery.change === 'resolved' || delivery.change === 'cleared' ? 'resolved' : 'firing'
  const labels = {
    alertname: delivery.kind, severity: delivery.severity, model: delivery.model,
    ...(delivery.element === '' ? {} : { element: delivery.element }),
  }
  const annotations = { summary: delivery.title, change: delivery.change, instances: String(delivery.members) }
  return {
    version: '4',
    groupKey: `{}:{alertname=${JSON.stringify(delivery.kind)}, model=${JSON.stringify(delivery.model)}, element=${JSON.stringify(delivery.element)}}`,
    truncatedAlerts: 0,
    status,
    receiver: 'tidemark',
    groupLabels: labels,
    commonLabels: labels,
    commonAnnotations: annotations,
    externalURL: externalUrl,
    alerts: [{
      status, labels, annotations,
      startsAt: delivery.opened_at === null ? NOT_YET : rfc3339(delivery.opened_at),
      endsAt: status === 'resolved' ? rfc3339(delivery.resolved_at ?? delivery.at) : NOT_YET,
      generatorURL: `${externalUrl}/alerts?alert=${encodeURIComponent(delivery.alert)}`,
      fingerprint: delivery.alert.replaceAll('-', '').slice(0, 16),
    }],
  }
}

function rfc3339(ms: string): string {
  return new Date(Number(ms)).toISOString()
}

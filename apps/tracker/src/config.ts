/** The one reader of the environment. */
export interface Settings {
  readonly port: number
  readonly host: string
  /** The data directory. */
  readonly dataDir: string
  /** Absent: the embedded database in the data directory. */
  readonly databaseUrl?: string
  /** Absent: no NATS. */
  readonly natsUrl?: string
  /** Required when the host is not a loopback address. */
  readonly token?: string
  readonly shards: number
  readonly logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'silent'
  /** Where commands go: service name -> URL (TIDEMARK_COMMAND_URLS, `name=url,name=url`). */
  readonly commandUrls: Readonly<Record<string, string>>
  /** Signs commands and webhooks (Standard Webhooks). */
  readonly signingSecret?: string
  /** Alerts are posted here. */
  readonly webhookUrls: readonly string[]
  readonly clockScale?: { readonly scale: number; readonly realOrigin: number; readonly domainOrigin: number }
  /** Serve POST /api/v1/demo. */
  readonly demo: boolean
}

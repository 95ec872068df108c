/** A CloudEvent 1.0 in its JSON form, as every service of the shop says it. */
export interface CloudEvent {
  readonly specversion: '1.0'
  /** Unique within its source, and the same again when the event is sent again: `<orderId>:<type>`, numbered where it may recur. */
  readonly id: string
  /** `/shop/<service>`. */
  readonly source: string
  readonly type: string
  /** The order; of shipment.delivered the shipment, for the carrier knows no order. */
  readonly subject: string
  /** RFC 3339 with milliseconds, by the clock of the service that says it. */
  readonly time: string
  readonly datacontenttype: 'application/json'
  readonly data: Readonly<Record<string, unknown>>
  /** Id of the command that brought it about. */
  readonly causationid?: string
}

/** An event on its way out of a service, with what the shop knows about it and the event need not tell. */
export interface Emission {
  readonly service: string
  readonly orderId: string
  readonly event: CloudEvent
}

/** Where the shop's events leave it. */
export interface Outlet {
  offer(emission: Emission): void
}

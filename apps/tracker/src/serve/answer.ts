/** What a controller sends when the status depends on the outcome: the one place that touches the reply. */
export interface Answer<Body> {
  readonly status: number
  readonly location?: string
  readonly contentType?: string
  readonly body: Body
}

/** The part of fastify's reply that is needed here. */
export interface Reply {
  code(status: number): unknown
  header(name: string, value: string): unknown
}

/** Sets status and headers; Nest sends the body that is answered. */
export function send<Body>(reply: Reply, answer: Answer<Body>): Body {
  reply.code(answer.status)
  if (answer.location !== undefined) reply.header('location', answer.location)
  if (answer.contentType !== undefined) reply.header('content-type', answer.contentType)
  return answer.body
}

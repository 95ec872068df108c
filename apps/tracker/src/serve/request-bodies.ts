/** How bodies of models reach their controller: as bytes, because their encoding stands inside. JSON is read by the application as a whole. */

const MODEL_TYPES = ['application/xml', 'text/xml', 'multipart/form-data']
/** The file may have 2 MB; the rest is its mapping and the form around them. */
const MODEL_BODY_BYTES = 2_500_000

/** The part of fastify that is needed here. */
export interface BodyParsers {
  hasContentTypeParser(type: string): boolean
  addContentTypeParser(
    type: string, options: { parseAs: 'buffer'; bodyLimit: number },
    parse: (request: unknown, body: Buffer, done: (error: Error | null, body: Buffer) => void) => void,
  ): unknown
}

/** Adds the parsers that nobody added before. */
export function acceptModelBodies(fastify: BodyParsers): void {
  for (const type of MODEL_TYPES) {
    if (fastify.hasContentTypeParser(type)) continue
    fastify.addContentTypeParser(type, { parseAs: 'buffer', bodyLimit: MODEL_BODY_BYTES }, (_request, body, done) => done(null, body))
  }
}

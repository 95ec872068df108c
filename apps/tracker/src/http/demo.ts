import type { FastifyInstance } from 'fastify'
import { TrackerError } from '../problem.js'
import { sendProblem, trackerErrorOf } from '../problem.filter.js'

/** POST /api/v1/demo opens the demo's shop where the service was started for it; a service on the real clock says how to see it instead. */
export function offerDemo(fastify: FastifyInstance, startDemo: (() => Promise<void>) | undefined): void {
  fastify.post('/api/v1/demo', async (_request, reply) => {
    if (startDemo === undefined) {
      sendProblem(reply, new TrackerError('notFound', 404, 'The demo runs on a clock of its own, so it is a service of its own: run "npm run demo" beside this one.'))
      return reply
    }
    try {
      await startDemo()
    } catch (error) {
      sendProblem(reply, trackerErrorOf(error))
      return reply
    }
    return reply.code(202).send({ started: true })
  })
}

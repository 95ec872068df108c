import { Controller, HttpCode, Inject, Post } from '@nestjs/common'
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger'
import { Problem } from '@tidemark/api'
import { z } from 'zod'
import { TrackerError } from '../problem.js'
import { START_DEMO } from '../store/tokens.js'

const Started = z.object({ started: z.literal(true) })

/** Opens the demo's shop; throws a TrackerError that says how to see it instead. */
export type StartDemo = () => Promise<void>

/** Of a service on the real clock. */
export const noDemo: StartDemo = () =>
  Promise.reject(new TrackerError('notFound', 404, 'The demo runs on a clock of its own, so it is a service of its own: run "npm run demo" beside this one.'))

@ApiTags('running it')
@Controller('api/v1/demo')
export class DemoController {
  constructor(@Inject(START_DEMO) private readonly startDemo: StartDemo) {}

  @Post()
  @HttpCode(202)
  @ApiOperation({ summary: 'Opens the shop of the demo, where the service was started for it' })
  @ApiResponse({ status: 202, description: 'The shop opens.', standardSchema: Started })
  @ApiResponse({ status: 404, description: 'This service was not started as the demo.', standardSchema: Problem })
  async start(): Promise<z.infer<typeof Started>> {
    await this.startDemo()
    return { started: true }
  }
}

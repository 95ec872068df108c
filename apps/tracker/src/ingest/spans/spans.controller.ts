import { Body, Controller, Headers, HttpCode, Inject, Post } from '@nestjs/common'
import { ApiBody, ApiConsumes, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger'
import type { Headers as RequestHeaders } from '../binary-mode.js'
import { SpanIntake, type TracesAnswer } from './span-intake.js'

const NO_BODY = new Uint8Array(0)

/** Where exporters of OpenTelemetry send by default, below the address they are given. */
@ApiTags('events')
@Controller('v1/traces')
export class SpansController {
  constructor(@Inject(SpanIntake) private readonly intake: SpanIntake) {}

  @Post()
  @HttpCode(200)
  @ApiOperation({ summary: 'Takes spans of OpenTelemetry (OTLP/HTTP, JSON); rules say which of them are events' })
  @ApiConsumes('application/json')
  @ApiBody({ schema: { type: 'object', properties: { resourceSpans: { type: 'array', items: { type: 'object' } } } } })
  @ApiResponse({ status: 200, description: 'On disk. `partialSuccess` counts spans that a rule covers and that make no event.' })
  take(@Headers() headers: RequestHeaders, @Body() body: Uint8Array | undefined): Promise<TracesAnswer> {
    return this.intake.take(headers, body ?? NO_BODY)
  }
}

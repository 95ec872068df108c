import { Controller, Get, Inject } from '@nestjs/common'
import { ApiOperation, ApiTags } from '@nestjs/swagger'
import type { OpenAPIObject } from '@nestjs/swagger'
import { OpenApi } from './openapi.js'

@ApiTags('running it')
@Controller('openapi.json')
export class OpenApiController {
  constructor(@Inject(OpenApi) private readonly openApi: OpenApi) {}

  @Get()
  @ApiOperation({ summary: 'This document' })
  show(): OpenAPIObject {
    return this.openApi.document
  }
}

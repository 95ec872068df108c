import { Controller, Get, Header, Inject } from '@nestjs/common'
import { ApiOperation, ApiTags } from '@nestjs/swagger'
import type { OpenAPIObject } from '@nestjs/swagger'
import { mappingSchema } from '@tidemark/bpmn'
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

/** For editors: `# yaml-language-server: $schema=http://127.0.0.1:3000/api/v1/mapping-schema` at the head of a mapping file. */
@ApiTags('running it')
@Controller('api/v1/mapping-schema')
export class MappingSchemaController {
  @Get()
  @Header('content-type', 'application/schema+json')
  @Header('access-control-allow-origin', '*')
  @ApiOperation({ summary: 'The shape of a side mapping, as JSON Schema' })
  show(): object {
    return mappingSchema
  }
}

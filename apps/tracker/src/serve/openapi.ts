import type { INestApplication } from '@nestjs/common'
import type { ApplicationConfig, HttpAdapterHost, ModulesContainer } from '@nestjs/core'
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger'
import type { OpenAPIObject } from '@nestjs/swagger'
import { version } from '../version.js'

/** The document of the API, generated from the controllers and the schemas they validate with; made when it is first asked for. */
export class OpenApi {
  #document: OpenAPIObject | undefined

  constructor(
    private readonly modules: ModulesContainer, private readonly config: ApplicationConfig, private readonly host: HttpAdapterHost,
  ) {}

  get document(): OpenAPIObject {
    this.#document ??= SwaggerModule.createDocument(this.#application(), describe(), { autoTagControllers: false })
    return this.#document
  }

  /**
   * The generator asks an application for its modules, its configuration and the name of its adapter, and for nothing else. A room is given
   * these three and not the application.
   */
  #application(): INestApplication {
    const { modules, config, host } = this
    const container = { getModules: () => modules, isGlobalModule: () => false }
    return { container, config, getHttpAdapter: () => host.httpAdapter } as unknown as INestApplication
  }
}

function describe() {
  return new DocumentBuilder()
    .setTitle('Tidemark')
    .setDescription('Tracks business processes that run across services. Errors are application/problem+json; lists are `{items, nextCursor}`.')
    .setVersion(version)
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'Where a token is set.' })
    .build()
}

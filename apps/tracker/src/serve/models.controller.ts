import { Deployed, Flow, ModelSummary } from '@tidemark/api'
import type { Page, PersonAction } from '@tidemark/api'
import type { Log } from '@tidemark/log'
import { Body, Controller, Get, Header, Headers, Inject, Param, Post, Query, Res } from '@nestjs/common'
import { ApiBody, ApiConsumes, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger'
import type { Database } from '../store/database.js'
import { DATABASE, LOG, PROGRESS } from '../store/tokens.js'
import type { Progress } from '../store/progress.js'
import { send } from './answer.js'
import type { Reply } from './answer.js'
import { deploy } from './deploy.js'
import { Answers, AnswersPage, ByAPerson } from './documented.js'
import { resumeModel } from './resume-model.js'
import { readModelBody } from './model-body.js'
import { findModel, findSource, listModels } from './models.js'
import { showFlowAt } from './past-flow.js'
import { Processes } from './processes.js'
import { CatalogueQuery, DeployQuery, FlowQuery, OptionalPersonAction, Version } from './queries.js'

@ApiTags('models')
@Controller('api/v1/models')
export class ModelsController {
  constructor(
    @Inject(DATABASE) private readonly db: Database,
    @Inject(LOG) private readonly log: Log,
    @Inject(PROGRESS) private readonly progress: Progress,
    @Inject(Processes) private readonly processes: Processes,
  ) {}

  @Get()
  @AnswersPage('What is deployed', ModelSummary)
  list(@Query({ schema: CatalogueQuery }) query: CatalogueQuery): Promise<Page<ModelSummary>> {
    return listModels(this.db, this.log, query)
  }

  @Get(':id')
  @Answers('One model with its versions and figures', ModelSummary)
  find(@Param('id') id: string): Promise<ModelSummary> {
    return findModel(this.db, this.log, id)
  }

  /** As a download that no browser renders: the file comes from outside. */
  @Get(':id/versions/:version/xml')
  @ApiOperation({ summary: 'The BPMN file of a version' })
  @ApiProduces('application/xml')
  @Header('content-type', 'application/xml; charset=utf-8')
  @Header('content-disposition', 'attachment; filename="model.bpmn"')
  @Header('x-content-type-options', 'nosniff')
  @Header('cache-control', 'private, max-age=3600')
  async xml(@Param('id') id: string, @Param('version', { schema: Version }) version: number): Promise<string> {
    return (await findSource(this.db, id, version)).xml
  }

  @Get(':id/flow')
  @Answers('The live flow: counts, waits and durations per element, frequencies per sequence flow', Flow)
  async flow(@Param('id') id: string, @Query({ schema: FlowQuery }) query: FlowQuery): Promise<Flow> {
    return showFlowAt(this.db, this.processes, id, query, this.progress.clock)
  }

  @Post(':id/resume')
  @ByAPerson('A model that the brake has stopped goes on', ModelSummary)
  async resume(@Param('id') id: string, @Body({ schema: OptionalPersonAction }) action: PersonAction, @Res({ passthrough: true }) reply: Reply): Promise<ModelSummary> {
    return send(reply, await resumeModel({ db: this.db, log: this.log, progress: this.progress }, id, action))
  }

  @Post()
  @ApiConsumes('application/xml', 'multipart/form-data', 'application/json')
  @ApiBody({ schema: { type: 'object', properties: { model: { type: 'string', format: 'binary' }, mapping: { type: 'string' }, decision: { type: 'string', description: 'DMN' } } } })
  @Answers('Deploys a BPMN file, with an optional side mapping (YAML or JSON) and an optional decision about events without an instance (DMN)', Deployed,
    { status: 201, description: 'Deployed.' }, { status: 202, description: 'In the log, not followed yet: see `location`.' })
  async deploy(
    @Query({ schema: DeployQuery }) query: DeployQuery,
    @Headers('content-type') contentType: string | undefined,
    @Body() body: unknown,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<unknown> {
    const model = await readModelBody(contentType ?? '', body)
    return send(reply, await deploy({ db: this.db, log: this.log, progress: this.progress }, model, { dryRun: query.dryRun ?? false, by: query.by ?? 'operator' }))
  }
}

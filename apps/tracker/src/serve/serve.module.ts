import { Inject, Module } from '@nestjs/common'
import type { OnApplicationBootstrap, OnModuleDestroy, OnModuleInit } from '@nestjs/common'
import { APP_PIPE, HttpAdapterHost } from '@nestjs/core'
import type { Clock } from '../clock.js'
import type { Database } from '../store/database.js'
import type { Progress } from '../store/progress.js'
import { CLOCK, DATABASE, PROGRESS } from '../store/tokens.js'
import { InstancesController } from './instances.controller.js'
import { LiveChannel } from './live-channel.js'
import { LiveController } from './live.controller.js'
import { ModelsController } from './models.controller.js'
import { Processes } from './processes.js'
import { acceptModelBodies } from './request-bodies.js'
import { StatusController } from './status.controller.js'
import { validationPipe } from './validation.js'

/** The read side, and the ways in for what people do. */
@Module({
  controllers: [ModelsController, InstancesController, StatusController, LiveController],
  providers: [
    { provide: APP_PIPE, useFactory: validationPipe },
    { provide: Processes, useFactory: (db: Database) => new Processes(db), inject: [DATABASE] },
    { provide: LiveChannel, useFactory: (progress: Progress, clock: Clock) => new LiveChannel(progress, clock), inject: [PROGRESS, CLOCK] },
  ],
})
export class ServeModule implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy {
  constructor(
    @Inject(LiveChannel) private readonly live: LiveChannel,
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
  ) {}

  onModuleInit(): void {
    acceptModelBodies(this.host.httpAdapter.getInstance())
  }

  onApplicationBootstrap(): void {
    this.live.start()
  }

  onModuleDestroy(): void {
    this.live.stop()
  }
}

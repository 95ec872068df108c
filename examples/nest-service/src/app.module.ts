import { type DynamicModule, Module } from '@nestjs/common'
import { LogClient, type LogClientOptions } from '@tidemark/log/nest'
import { EVENTS, InvoicesController } from './invoices.controller.js'
import { Ledger } from './ledger.js'

@Module({})
export class AppModule {
  /** `to`: where its own events go, a log or a tracker's address. */
  static on(to: LogClientOptions['to']): DynamicModule {
    return {
      module: AppModule,
      controllers: [InvoicesController],
      providers: [Ledger, { provide: EVENTS, useFactory: () => new LogClient({ to, source: '/invoicing' }) }],
    }
  }
}

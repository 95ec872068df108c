import { Controller, Inject } from '@nestjs/common'
import { type ClientProxy, Ctx, EventPattern, Payload } from '@nestjs/microservices'
import { EventRecord, type LogContext } from '@tidemark/log/nest'
import { firstValueFrom } from 'rxjs'
import { Ledger } from './ledger.js'

export const EVENTS = Symbol('Events')

/** A small service: an order that is placed gets an invoice, and whatever happens to a payment is written in the ledger. */
@Controller()
export class InvoicesController {
  constructor(@Inject(EVENTS) private readonly events: ClientProxy, @Inject(Ledger) private readonly ledger: Ledger) {}

  /**
   * Events come at least once. Id and time of what is emitted come from what caused it, so that an order that comes again makes the same invoice
   * again, and that counts once.
   */
  @EventPattern<string>('order.placed')
  async onOrder(@Payload() order: { readonly total: number }, @Ctx() { event, entry }: LogContext): Promise<void> {
    const invoice = new EventRecord({ total: order.total }, { id: `invoice-of-${event.id}`, time: new Date(entry.appendTime).toISOString(), subject: event.subject ?? '' })
    await firstValueFrom(this.events.emit('invoice.sent', invoice))
  }

  @EventPattern<string>('payment.*')
  onPayment(@Payload() payment: { readonly amount: number }, @Ctx() { event }: LogContext): void {
    this.ledger.enter(event.subject ?? '', event.type, payment.amount)
  }
}

import { MINUTE_MS } from '../clock.js'
import type { Command, World } from '../service.js'
import { Service } from '../service.js'

const MAIL_MS = { least: 5 * MINUTE_MS, most: 30 * MINUTE_MS }

/** Writes to customers, when asked to. */
export class Notification {
  readonly #service: Service

  constructor(world: World) {
    this.#service = new Service('notification', world)
  }

  /** Obeys customer.notifyDelay. */
  obey(command: Command): void {
    const { orderId } = command
    this.#service.note(orderId, 'obeyed', { type: command.type, commandId: command.id })
    this.#service.work(`mail ${command.id}`, orderId, MAIL_MS, () => {
      const about = { orderId, template: 'delay', channel: 'e-mail' }
      this.#service.say('customer.notified', orderId, about, { nth: command.id, causedBy: command })
    })
  }
}

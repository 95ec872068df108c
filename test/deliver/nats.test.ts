import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import type { NatsConnection } from '@nats-io/transport-node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CommandsOverNats } from '../../apps/tracker/src/deliver/command-nats.js'
import type { ClaimedCommand } from '../../apps/tracker/src/store/deliver/commands.js'
import { startNats } from '../support/nats.js'
import type { NatsServer } from '../support/nats.js'
import { skipUnless } from '../support/requires.js'

const server: NatsServer | undefined = await startNats()
const command: ClaimedCommand = { id: 'c-1', model: 'order', key: 'A', type: 'order.cancel', target: 'order', data: {}, decided_at: '0', attempts: 1 }

describe.skipIf(skipUnless(server !== undefined, 'nats-server'))('a command over NATS', () => {
  let way: CommandsOverNats
  let services: NatsConnection
  beforeAll(async () => {
    way = new CommandsOverNats(server!.url)
    services = await connect({ servers: server!.url })
  })
  afterAll(async () => {
    await way.close()
    await services.close()
    await server!.stop()
  })

  it('that nobody listens for is tried again', async () => {
    expect(await way.send(command, '{}')).toMatchObject({ kind: 'retry', error: 'Nobody listens on command.order.order.cancel, and no stream holds it.' })
  })

  it('is delivered when the service replies', async () => {
    const heard: string[] = []
    const subscription = services.subscribe('command.order.>', { callback: (_error, message) => {
      heard.push(message.string())
      message.respond('ok')
    } })
    await services.flush()
    expect(await way.send(command, '{"id":"c-1"}')).toEqual({ kind: 'delivered' })
    expect(heard).toContain('{"id":"c-1"}')
    subscription.unsubscribe()
  })

  it('is tried again when the service answers with an error', async () => {
    const subscription = services.subscribe('command.order.>', { callback: (_error, message) => void message.respond('{"error":"closed today"}') })
    await services.flush()
    expect(await way.send(command, '{}')).toMatchObject({ kind: 'retry', error: expect.stringContaining('closed today') })
    subscription.unsubscribe()
  })

  it('is delivered when a stream has it, and is there once however often it is sent', async () => {
    const manager = await jetstreamManager(services)
    await manager.streams.add({ name: 'commands', subjects: ['command.stock.>'] })
    const stocked = { ...command, id: 'c-2', target: 'stock' }
    expect(await way.send(stocked, '{}')).toEqual({ kind: 'delivered' })
    expect(await way.send(stocked, '{}')).toEqual({ kind: 'delivered' })
    expect((await manager.streams.info('commands')).state.messages).toBe(1)
  })

  it('without a service named in the model does not go this way', () => {
    expect(way.send({ ...command, target: null }, '{}')).toBeUndefined()
  })

  it('is tried again where the server cannot be reached', async () => {
    const lonely = new CommandsOverNats('nats://127.0.0.1:1')
    expect(await lonely.send(command, '{}')).toMatchObject({ kind: 'retry', error: expect.stringContaining('NATS did not take it') })
    await lonely.close()
  })
})

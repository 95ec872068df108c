// @ts-check
/**
 * The thread the embedded database runs in: bytes of the Postgres protocol in, bytes out. Plain JavaScript, because a worker is started from
 * a file and tests run from the sources. Run as a process of its own with a directory, it only creates the database there and leaves:
 * the first start needs three times the memory of every later one, and WebAssembly memory never shrinks.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { PGlite } from '@electric-sql/pglite'

const dir = parentPort === null ? process.argv[2] : workerData.dir

const database = await PGlite.create(dir, {
  startParams: [
    ...PGlite.defaultStartParams,
    // Compiling costs more than it saves on statements of milliseconds; big sorts of an upkeep must not double the memory. Half the usual
    // buffers: what is not in them is in the system's cache, which costs 4 % of time on random updates and saves 100 MB.
    '-c', 'jit=off', '-c', 'maintenance_work_mem=32MB', '-c', 'shared_buffers=64MB',
  ],
})

if (parentPort === null) {
  await database.close()
} else {
  const port = parentPort
  port.postMessage('ready')
  port.on('message', async (/** @type {Uint8Array | 'close'} */ message) => {
    if (message !== 'close') {
      const answer = database.execProtocolRawSync(message)
      if (answer.length > 0) port.postMessage(answer, [/** @type {ArrayBuffer} */ (answer.buffer)])
      return
    }
    await database.close()
    port.postMessage('closed')
    port.close()
  })
}

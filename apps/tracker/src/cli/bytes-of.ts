import { readFile } from 'node:fs/promises'
import { WrongUse } from './output.js'

/** A file that the command line names; that it cannot be read is wrong use. */
export async function bytesOf(path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (error) {
    throw new WrongUse(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}

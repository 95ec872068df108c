import type { Command } from 'commander'
import { mappingSchema } from '@tidemark/bpmn'
import { finish, print } from './output.js'

export function register(program: Command): void {
  program
    .command('schema')
    .description('print the JSON Schema of mapping files, so that an editor completes and checks them')
    .action(() => finish(async () => {
      await print(JSON.stringify(mappingSchema, null, 2))
      return 0
    }))
}

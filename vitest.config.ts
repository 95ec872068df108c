import { defineConfig } from 'vitest/config'

// Libraries are tested from their sources: the condition below is the one their package.json names beside dist.
const conditions = ['@tidemark/source']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: ['node'] } },
  test: {
    include: ['libs/**/src/**/*.test.ts', 'apps/**/src/**/*.test.ts', 'examples/**/src/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    pool: 'forks',
    // Most of the time is waiting for servers, so that no core is kept free for the runner.
    maxWorkers: '100%',
    // bpmn.io writes its modules for bundlers: without extensions.
    server: { deps: { inline: [/node_modules\/bpmn-js/] } },
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})

import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

const tracker = 'http://127.0.0.1:3000'

export default defineConfig({
  base: '/',
  plugins: [react()],
  resolve: { conditions: ['@tidemark/source', 'module', 'browser', 'development|production'] },
  build: {
    outDir: 'dist',
    target: 'es2023',
    // No data: URLs for fonts and no inlined scripts: the page is served under default-src 'self'.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // Libraries change seldom and stay in the browser's cache when the pages change. The canvas is a chunk of its own by its lazy import.
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [{ name: 'libraries', test: /node_modules[\\/](react|react-dom|scheduler|@mantine|@tanstack|@floating-ui)[\\/]/ }],
        },
      },
    },
    chunkSizeWarningLimit: 700,
  },
  server: { proxy: { '/api': tracker, '/openapi.json': tracker } },
})

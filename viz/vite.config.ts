import { defineConfig } from 'vite'

/**
 * The viewer as static files: relative addresses only, so that it runs under any path. three.js is in a chunk of its
 * own, loaded when the floor is first shown; hence the larger limit.
 */
export default defineConfig({
  root: import.meta.dirname,
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  worker: { format: 'es' },
  build: { outDir: '../dist/viz', emptyOutDir: true, target: 'es2022', chunkSizeWarningLimit: 700 },
})

// Builds what is stale, then runs the benchmarks and writes their tables into bench/README.md.
import { build } from './build.js'

if (!(await build({ log: line => console.log(line) }))) process.exit(1)
await import('../dist/bench/run.js')

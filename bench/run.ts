import { historyBenchmark } from './history.js'
import { kpisBenchmark } from './kpis.js'
import { linesBenchmark } from './lines.js'
import { livesBenchmark } from './lives.js'
import { modbusBenchmark } from './modbus.js'
import { mqttBenchmark } from './mqtt.js'
import { opcuaBenchmark } from './opcua.js'
import { pastBenchmark } from './past.js'
import { pipelineBenchmark } from './pipeline.js'
import { replayBenchmark } from './replay.js'
import { type Benchmark, machineName, table, writeSection } from './report.js'
import { scaleBenchmark } from './scale.js'
import { serveBenchmark } from './serve.js'
import { sparkplugBenchmark } from './sparkplug.js'
import { storeBenchmark } from './store.js'
import { twinsBenchmark } from './twins.js'
import { viewerBenchmark } from './viewer.js'
import { viewsBenchmark } from './views.js'

const isQuick = process.argv.includes('--quick')
const named = process.argv.slice(2).filter(argument => !argument.startsWith('--'))
const benchmarks: readonly Benchmark[] = [
  linesBenchmark(isQuick),
  livesBenchmark(isQuick),
  pastBenchmark(isQuick),
  twinsBenchmark(isQuick),
  pipelineBenchmark(isQuick),
  scaleBenchmark(isQuick),
  storeBenchmark(isQuick),
  modbusBenchmark(isQuick),
  mqttBenchmark(isQuick),
  sparkplugBenchmark(isQuick),
  historyBenchmark(isQuick),
  viewsBenchmark(isQuick),
  replayBenchmark(isQuick),

  opcuaBenchmark(isQuick),
  serveBenchmark(isQuick),
  kpisBenchmark(isQuick),
  viewerBenchmark(isQuick),
]
const unknown = named.filter(name => !benchmarks.some(benchmark => benchmark.name === name))
if (process.argv.slice(2).some(argument => argument.startsWith('--') && argument !== '--quick')) {
  console.log(
    `npm run bench -- [--quick] [name …]: all of them without a name; --quick measures shortly and writes no table.\n${benchmarks.map(({ name }) => name).join(', ')}`,
  )
  process.exit(process.argv.includes('--help') ? 0 : 2)
}
if (unknown.length > 0) {
  console.error(
    `There is no benchmark ${unknown.join(', ')}; there are ${benchmarks.map(({ name }) => name).join(', ')}.`,
  )
  process.exit(2)
}

console.log(machineName())
let isReached = true
for (const benchmark of benchmarks) {
  if (named.length > 0 && !named.includes(benchmark.name)) continue
  console.log(`\n## ${benchmark.title}`)
  const figures = await benchmark.run(line => console.log(line))
  const text = table(figures)
  console.log(`\n${text}`)
  if (!isQuick)
    writeSection(benchmark.name, `${new Date().toISOString().slice(0, 10)}, ${machineName()}\n\n${text}`)
  isReached &&= figures.every(figure => figure.isReached)
}
process.exit(isReached ? 0 : 1)

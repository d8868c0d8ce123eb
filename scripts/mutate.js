// Mutation check: changes one thing at a time in each statechart (see twins/proof/mutants.ts) and runs the tests of
// its folder, which must fail. Prints the score and what survived, with the reason twins/proof/survivors.json gives;
// a survivor without a reason fails the check.
//
//   npm run mutate                    a sample of 20 mutants of each statechart
//   npm run mutate -- machine         one of them
//   npm run mutate -- --all           every mutant (part of npm run test:soak)
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createVitest } from 'vitest/node'
import { not } from 'xstate'
import { findStatecharts, load, root } from './statecharts.js'

const sampleSize = 20

const isAll = process.argv.includes('--all')
const named = process.argv.slice(2).filter(argument => !argument.startsWith('--'))
const { copyChart, listMutants } = await load('twins/proof/mutants.ts')
const reasons = JSON.parse(readFileSync(join(root, 'twins/proof/survivors.json'), 'utf8'))

const charts = (await findStatecharts()).filter(({ folder }) => named.length === 0 || named.includes(folder))
if (charts.length === 0) {
  console.error(`There is no statechart ${named.join(', ')} under twins.`)
  process.exit(2)
}

const desk = mkdtempSync(join(tmpdir(), 'gemba-mutate-'))
process.env.GEMBA_MUTANT = join(desk, 'mutant.json')
let unexplained = 0
try {
  for (const chart of charts) unexplained += await check(chart)
} finally {
  rmSync(desk, { recursive: true, force: true })
}
process.exit(unexplained > 0 ? 1 : 0)

/** Runs all or a sample of a chart's mutants; answers with how many survived for no reason given. */
async function check({ folder, machine }) {
  const mutants = listMutants(copyChart(machine.config), not)
  const names = mutants.map(({ name }) => name)
  const chosen = isAll ? names : sample(names)
  const started = Date.now()
  const tests = await openTests(folder)
  try {
    write({ chart: machine.id, name: '' })
    if (await tests.fails()) {
      console.error(`${folder}: its tests fail without any change; make them pass first.`)
      return 1
    }
    const survivors = []
    for (const name of chosen) {
      write({ chart: machine.id, name })
      if (!(await tests.fails())) survivors.push(name)
    }
    return report(folder, chosen, names, survivors, (Date.now() - started) / 1000)
  } finally {
    await tests.close()
  }
}

/** The tests of a folder in a Vitest that stays open: a run costs the tests, not the start of the tool. */
async function openTests(folder) {
  const quiet = { onInit() {} }
  const vitest = await createVitest(
    'test',
    {
      root,
      watch: false,
      bail: 1,
      retry: 0,
      reporters: [quiet],
      maxWorkers: 1,
      setupFiles: ['scripts/mutation-setup.js'],
    },
    {
      resolve: {
        alias: [
          { find: /^xstate$/, replacement: join(root, 'scripts/mutated-xstate.js') },
          { find: /^.*\/proof\/runs\.js$/, replacement: join(root, 'scripts/few-runs.js') },
        ],
      },
    },
  )
  await vitest.standalone()
  // What was kept of failures puts mutants of its own into the chart.
  const specifications = (await vitest.globTestSpecifications()).filter(
    ({ moduleId }) =>
      moduleId.startsWith(join(root, 'twins', folder, '/')) && !moduleId.endsWith('regressions.test.ts'),
  )
  return {
    async fails() {
      const { testModules, unhandledErrors } = await vitest.runTestSpecifications(specifications)
      return unhandledErrors.length > 0 || testModules.some(module => !module.ok())
    },
    close: () => vitest.close(),
  }
}

function report(folder, chosen, all, survivors, seconds) {
  const killed = chosen.length - survivors.length
  const share = ((100 * killed) / chosen.length).toFixed(1)
  console.log(
    `${folder}: ${killed} of ${chosen.length} mutants killed (${share} %; ${all.length} in all) in ${seconds.toFixed(0)} s`,
  )
  const known = reasons[folder] ?? {}
  for (const name of survivors)
    console.log(`  survives  ${name}\n            ${known[name] ?? 'no reason is given'}`)
  for (const name of Object.keys(known)) {
    if (!all.includes(name)) console.log(`  no longer a mutant, take it out of survivors.json: ${name}`)
    else if (chosen.includes(name) && !survivors.includes(name)) {
      console.log(`  killed, take it out of survivors.json: ${name}`)
    }
  }
  return survivors.filter(name => known[name] === undefined).length
}

/** Evenly over the whole list, the same from run to run. */
function sample(names) {
  if (names.length <= sampleSize) return names
  return Array.from({ length: sampleSize }, (_, i) => names[Math.floor((i * names.length) / sampleSize)])
}

function write(mutant) {
  writeFileSync(process.env.GEMBA_MUTANT, JSON.stringify(mutant))
}

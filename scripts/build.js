// Builds what is stale: the folders through the compiler's own bookkeeping, the viewer when one of its sources is
// newer than what was built. In an installed package there are no sources, and nothing to do.
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const require = createRequire(import.meta.url)

/** Brings dist up to date; answers whether it is. */
export async function build({ log = () => {} } = {}) {
  if (!existsSync(join(root, 'tsconfig.json'))) return true
  const steps = [run('engine', binOf('typescript', 'tsc'), ['-b'], log)]
  if (isViewerStale()) {
    const vite = ['build', '--config', 'viz/vite.config.ts', '--logLevel', 'warn']
    steps.push(run('viewer', binOf('vite', 'vite'), vite, log))
  }
  return (await Promise.all(steps)).every(Boolean)
}

/** Runs a tool; its output is shown only where it fails. */
function run(what, bin, args, log) {
  const started = Date.now()
  return new Promise(resolve => {
    const child = spawn(process.execPath, [bin, ...args], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', chunk => {
        output += chunk
      })
    }
    child.on('close', code => {
      const seconds = ((Date.now() - started) / 1000).toFixed(1)
      if (code !== 0) process.stderr.write(`${output}\nThe ${what} build failed; see above.\n`)
      else if (seconds > 2) log(`built the ${what} in ${seconds} s`)
      resolve(code === 0)
    })
  })
}

function binOf(name, bin) {
  const manifest = require.resolve(`${name}/package.json`)
  const { bin: bins } = require(manifest)
  return join(dirname(manifest), typeof bins === 'string' ? bins : bins[bin])
}

function isViewerStale() {
  const built = join(root, 'dist/viz/index.html')
  if (!existsSync(built)) return true
  const newest = Math.max(
    newestIn(join(root, 'viz')),
    newestIn(join(root, 'schema')),
    mtime(join(root, 'package.json')),
  )
  return newest > mtime(built)
}

function newestIn(folder) {
  let newest = 0
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name === 'test' || entry.name === 'dev' || entry.name.includes('.test.')) continue
    const path = join(folder, entry.name)
    newest = Math.max(newest, entry.isDirectory() ? newestIn(path) : mtime(path))
  }
  return newest
}

const mtime = path => statSync(path).mtimeMs

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv.includes('--clean')) rmSync(join(root, 'dist'), { recursive: true, force: true })
  process.exitCode = (await build({ log: line => console.log(line) })) ? 0 : 1
}

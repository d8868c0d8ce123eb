// Builds what is stale: the folders through the compiler's own bookkeeping, the viewer when one of its sources is
// newer than what was built. In an installed package there are no sources, and nothing to do.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const require = createRequire(import.meta.url)

/** Brings dist up to date; answers whether it is. */
export function build({ log = () => {} } = {}) {
  if (!existsSync(join(root, 'tsconfig.json'))) return true
  if (!run('TypeScript', binOf('typescript', 'tsc'), ['-b'], log)) return false
  if (!isViewerStale()) return true
  return run(
    'viewer',
    binOf('vite', 'vite'),
    ['build', '--config', 'viz/vite.config.ts', '--logLevel', 'warn'],
    log,
  )
}

function run(what, bin, args, log) {
  const started = Date.now()
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...args], {
    cwd: root,
    encoding: 'utf8',
  })
  if (status === 0) {
    if (Date.now() - started > 2000) log(`built ${what} in ${((Date.now() - started) / 1000).toFixed(1)} s`)
    return true
  }
  process.stderr.write(`${stdout}${stderr}\nThe ${what} build failed; see above.\n`)
  return false
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
  process.exitCode = build({ log: line => console.log(line) }) ? 0 : 1
}

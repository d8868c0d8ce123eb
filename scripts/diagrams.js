// Draws each statechart into the README of its folder, between the markers, from the definition itself.
// `--check` writes nothing and fails where a picture is stale.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findStatecharts, load, root } from './statecharts.js'

const begin = '<!-- begin diagram -->'
const end = '<!-- end diagram -->'
const isCheck = process.argv.includes('--check')

const { drawStatechart } = await load('twins/proof/mermaid.ts')
const pictures = new Map()
for (const { folder, machine } of await findStatecharts()) {
  pictures.set(folder, [...(pictures.get(folder) ?? []), drawStatechart(machine)])
}

const problems = []
for (const [folder, drawn] of pictures) {
  const path = join('twins', folder, 'README.md')
  const file = join(root, path)
  if (!existsSync(file)) {
    problems.push(`${path} is missing; write it with ${begin} and ${end} where the picture goes.`)
    continue
  }
  const page = readFileSync(file, 'utf8')
  const from = page.indexOf(begin)
  const to = page.indexOf(end)
  if (from === -1 || to < from) {
    problems.push(`${path} has no ${begin} … ${end}; put both where the picture goes.`)
    continue
  }
  const next = `${page.slice(0, from + begin.length)}\n\n${drawn.join('\n\n')}\n\n${page.slice(to)}`
  if (next === page) continue
  if (isCheck) problems.push(`The picture in ${path} is stale; run npm run diagrams.`)
  else {
    writeFileSync(file, next)
    console.log(`drew ${path}`)
  }
}
for (const problem of problems) console.error(problem)
process.exitCode = problems.length > 0 ? 1 : 0

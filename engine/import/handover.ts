import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Logger } from 'pino'
import { DataDirectory } from '../data-directory.js'
import { EngineError } from '../errors.js'
import type { ImportBlock } from './block.js'
import type { BlockOutcome, ImportDesk } from './import-desk.js'

/*
 * How blocks come to an engine that runs on the data folder: as files in its folder `import`. A block appears whole
 * under its name; the engine takes it, writes the outcome beside it, and removes it. Whoever dies in between, the
 * block is handed over or taken again, and counts once.
 */
const openMark = 'engine-takes-imports'
const lookMs = 250
/** After so long without an answer it is asked whether the engine still runs, ms. */
const patienceMs = 5_000

type Answer = { readonly outcome: BlockOutcome } | { readonly error: string }

/** The engine's side; returns what stops it. */
export function receiveImports(
  folder: string,
  desk: Pick<ImportDesk, 'take'>,
  isBlocked: () => boolean,
  logger: Logger,
  onFileEnd: () => Promise<unknown>,
): () => Promise<void> {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, openMark), '')
  let isOver = false
  const run = async (): Promise<void> => {
    while (!isOver) {
      const names = isBlocked() ? [] : readdirSync(folder).filter(name => name.endsWith('.block'))
      for (const name of names.sort()) {
        if (isOver) return
        await receive(folder, name, desk, logger, onFileEnd)
      }
      if (names.length === 0) await pause(lookMs)
    }
  }
  const running = run().catch(error => logger.error({ err: error }, `imports: ${folder} cannot be read`))
  return async () => {
    isOver = true
    rmSync(join(folder, openMark), { force: true })
    await running
  }
}

async function receive(
  folder: string,
  name: string,
  desk: Pick<ImportDesk, 'take'>,
  logger: Logger,
  onFileEnd: () => Promise<unknown>,
): Promise<void> {
  const path = join(folder, name)
  let answer: Answer
  try {
    const block = JSON.parse(readFileSync(path, 'utf8')) as ImportBlock
    answer = { outcome: await desk.take(block) }
    if (block.isLast) {
      await onFileEnd()
      logger.info(`imports: ${block.name} is in (${block.kind})`)
    }
  } catch (error) {
    answer = { error: error instanceof Error ? error.message : String(error) }
    logger.error({ err: error }, `imports: ${name} cannot be taken`)
  }
  writeFileSync(`${path}.new`, JSON.stringify(answer))
  renameSync(`${path}.new`, `${path}.answer`)
  rmSync(path, { force: true })
}

/** Whether an engine takes imports at the folder. */
export const isReceiving = (folder: string): boolean => existsSync(join(folder, openMark))

/** Hands a block to the engine and waits until it is safe there. Throws EngineError. */
export async function handOver(
  dataDir: string,
  folder: string,
  block: ImportBlock,
  signal: AbortSignal,
): Promise<BlockOutcome> {
  const name = `${block.file}-${block.mapping}-${String(block.block).padStart(8, '0')}.block`
  const path = join(folder, name)
  rmSync(`${path}.answer`, { force: true })
  writeFileSync(`${path}.part`, JSON.stringify(block))
  renameSync(`${path}.part`, path)
  for (let waited = 0; !existsSync(`${path}.answer`); waited += 20) {
    signal.throwIfAborted()
    if (waited >= patienceMs) {
      waited = 0
      await checkEngine(dataDir)
    }
    await pause(20, undefined, { signal })
  }
  const answer = JSON.parse(readFileSync(`${path}.answer`, 'utf8')) as Answer
  rmSync(`${path}.answer`, { force: true })
  if ('outcome' in answer) return answer.outcome
  throw new EngineError('store-unavailable', `The engine cannot take ${block.name}: ${answer.error}`)
}

async function checkEngine(dataDir: string): Promise<void> {
  let free: DataDirectory
  try {
    free = await DataDirectory.open(dataDir)
  } catch {
    return
  }
  await free.close()
  const message = 'The engine has stopped. What it took is safe: the same command goes on from there.'
  throw new EngineError('store-unavailable', message)
}

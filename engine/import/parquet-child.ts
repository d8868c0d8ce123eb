import { Session } from 'chdb'
import { quoted } from '../store/embedded/parameters.js'

/*
 * Reads a Parquet file for import-rows.ts: its columns' names, then its rows in their order, a JSON list a line on
 * standard output. In a process of its own, because a damaged file may bring the native reader down.
 */
const path = process.argv[2]!
const settings = `max_threads = 1, input_format_parquet_preserve_order = 1, date_time_output_format = 'iso',
  output_format_json_quote_64bit_integers = 1, output_format_json_quote_denormals = 0`
const session = new Session()
const write = (text: string): Promise<void> =>
  new Promise(resolve => {
    process.stdout.write(text, () => resolve())
  })
try {
  const from = `file(${quoted(path)}, 'Parquet')`
  const columns = await session.queryAsync(`DESCRIBE ${from}`, { format: 'JSONCompactEachRow' })
  const names = columns
    .text()
    .split('\n')
    .filter(line => line !== '')
    .map(line => (JSON.parse(line) as [string])[0])
  await write(`${JSON.stringify(names)}\n`)
  // Its chunks are whole documents of this format, one after the other.
  const stream = session.queryStream(`SELECT * FROM ${from} SETTINGS ${settings}`, {
    format: 'JSONCompactEachRow',
  })
  for await (const chunk of stream) await write(chunk.text())
} catch (error) {
  process.stderr.write(error instanceof Error ? error.message : String(error))
  process.exitCode = 1
} finally {
  session.close()
}

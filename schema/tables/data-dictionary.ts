import type { Column, Definition } from './definition.js'
import { definitions } from './index.js'

/** The page docs/data-dictionary.md. */
export function dataDictionary(all: readonly Definition[] = definitions): string {
  const sections = all.map(section)
  return `# Data dictionary

What the database \`gemba\` holds. Made from the table definitions in \`schema/tables\`; a test compares the two.
Times are UTC. Query it over ClickHouse's HTTP interface with any client; it is read-only for everybody but the engine.

${sections.join('\n')}`
}

function section(definition: Definition): string {
  const facts =
    definition.kind === 'view'
      ? 'A view.'
      : [
          `Engine \`${definition.engine}\``,
          `ordered by \`${definition.orderBy.join(', ')}\``,
          ...(definition.partitionBy === undefined ? [] : [`in partitions by \`${definition.partitionBy}\``]),
          definition.ttl === undefined ? 'kept for ever.' : `kept until \`${definition.ttl}\`.`,
        ].join(', ')
  return `## ${definition.name}

${definition.meaning}

${facts}

| column | type | meaning |
| --- | --- | --- |
${definition.columns.map(row).join('\n')}
`
}

const row = (column: Column): string => `| \`${column.name}\` | \`${column.type}\` | ${column.meaning} |`

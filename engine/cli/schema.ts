import { clusterStatements } from '../../schema/tables/cluster-statements.js'
import { createStatement } from '../../schema/tables/create-statement.js'
import { databaseName } from '../../schema/tables/definition.js'
import { definitions } from '../../schema/tables/index.js'
import type { Command } from './command.js'
import { misused, parseFlags } from './flags.js'
import { reported } from './store-flags.js'

/** `gemba schema`: the statements that make the tables. */
export const schemaCommand: Command = {
  name: 'schema',
  summary: 'print the statements that make the tables, for a cluster of your own as well',
  usage: `Usage: gemba schema [--cluster <name>]

Prints the statements that make Gemba's tables and views. A single ClickHouse gets them by itself at the first start;
on a cluster run them once before it: tables become ReplicatedMergeTree within a shard and Distributed over all.

  --cluster <name>         of the cluster, as its servers know it

Example: gemba schema --cluster plant | clickhouse-client --multiquery`,

  run: (argv, io) =>
    reported(io, async () => {
      const { values } = parseFlags('schema', argv, { cluster: { type: 'string' } })
      const { cluster } = values
      if (cluster !== undefined && !/^[\w.-]+$/.test(cluster))
        throw misused('schema', `"${cluster}" is no name of a cluster: letters, digits, _, - and .`)
      const on = cluster === undefined ? '' : ` ON CLUSTER \`${cluster}\``
      io.out(`CREATE DATABASE IF NOT EXISTS ${databaseName}${on};`)
      for (const definition of definitions) {
        const statements =
          cluster === undefined ? [createStatement(definition)] : clusterStatements(definition, cluster)
        for (const statement of statements) io.out(`\n${statement};`)
      }
      return 0
    }),
}

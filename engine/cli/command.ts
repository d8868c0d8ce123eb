/** Where a command writes, and what tells it to stop. */
export interface CommandIo {
  /** A line of the result, for standard output. */
  out(line: string): void
  /** A line of progress or trouble, for standard error. */
  err(line: string): void
  /** Aborted by Ctrl-C or SIGTERM: finish, say what was done, return. */
  readonly signal: AbortSignal
  readonly env: NodeJS.ProcessEnv
}

/** A verb of `gemba`. `run` returns the exit code: 0 done, 1 the input or the outside world is at fault, 2 usage. */
export interface Command {
  readonly name: string
  /** One line for the list of commands. */
  readonly summary: string
  /** What `--help` prints. */
  readonly usage: string
  run(argv: string[], io: CommandIo): Promise<number>
}

#!/usr/bin/env bun
/** Where the `smartedge` command begins: arguments in, exit code out. Runs on Bun, and on Deno for client commands. */
import { CommanderError } from 'commander'
import { createProgram } from './args/args.ts'
import { RuntimeError } from './args/runtime.ts'
import { systemClock } from '../core/clock.ts'
import { exitCode } from './process/exit-codes.ts'
import { processIo, refuseExit } from './process/process-io.ts'
import type { ServiceIo } from './process/service-io.ts'

/** `argv` without the runtime and the script. Resolves to the exit code; never rejects. */
export async function main(argv: readonly string[], io: ServiceIo): Promise<number> {
  let code: number = exitCode.ok
  try {
    const program = createProgram(io, (result) => {
      code = result
    })
    // Commander shows help on standard error and fails when there is no verb; that is a usage error here too.
    await program.parseAsync(argv, { from: 'user' })
    return code
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.ok : exitCode.usage
    if (error instanceof RuntimeError) {
      io.stderr(`smartedge: ${error.message}\n`)
      return exitCode.failure
    }
    const verbose = argv.includes('-v') || argv.includes('--verbose')
    io.stderr(`smartedge: ${verbose && error instanceof Error ? error.stack : String(error)}\n`)
    return exitCode.failure
  }
}

/** How long a reader of standard error may take over the last of it. */
const LAST_WORDS_MS = 1000

/** Runs `main` on this process and ends it: nothing left open may keep a finished command alive. */
export async function mainOfProcess(argv: readonly string[]): Promise<never> {
  // A reader that leaves early (`smartedge status | head`) is no fault of ours; what is served is served on without it.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (process.exit !== refuseExit) process.exit(error.code === 'EPIPE' ? 0 : 1)
  })
  // Nobody can be told on it that it takes nothing.
  process.stderr.on('error', () => undefined)
  const code = await main(argv, processIo())
  // Written through: of what is more than a pipe takes, the rest is still on its way. Bun 1.4.5 tells that at their end alone.
  await new Promise<void>((resolve) => process.stdout.end(resolve))
  // What nobody reads any more must not keep a process alive that was told to end.
  await Promise.race([
    new Promise<void>((resolve) => process.stderr.end(resolve)),
    new Promise<void>((resolve) => systemClock.after(LAST_WORDS_MS, resolve)),
  ])
  process.exit(code)
}

if (import.meta.main) await mainOfProcess(process.argv.slice(2))

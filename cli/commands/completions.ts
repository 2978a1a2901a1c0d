/** `smartedge completions`: prints what a shell loads to complete its commands. */
import { scriptFor, type Shell } from '../completion/scripts.ts'
import { exitCode } from '../process/exit-codes.ts'
import type { Io } from '../process/io.ts'

export function completions(io: Io, shell: Shell): number {
  io.data(scriptFor(shell))
  return exitCode.ok
}

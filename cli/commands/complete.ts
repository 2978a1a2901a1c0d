/** `smartedge complete`: what may stand where the cursor is, for the scripts of `smartedge completions`. */
import type { Command } from 'commander'
import { valuesFrom } from '../completion/live.ts'
import { type Candidate, type Source, wantedOf } from '../completion/wanted.ts'
import { exitCode } from '../process/exit-codes.ts'
import type { Io } from '../process/io.ts'
import { printable } from '../text/text.ts'

/** What a shell completes by itself. */
const byShell: Readonly<Partial<Record<Source, string>>> = {
  files: ':files',
  folders: ':folders',
  // A strategy is a shipped one's name or a file.
  strategies: ':files',
}

/** `words`: behind the program's name, the one under the cursor last. */
export async function complete(io: Io, program: Command, words: readonly string[]): Promise<number> {
  const { typed, before, choices, source, target } = wantedOf(program, words)
  const known = source === undefined ? [] : await knownTo(source, program, target, io)
  const values = new Map([...choices, ...known].map((one) => [printable(one.value), one]))
  for (const [value, { about }] of values)
    if (value.startsWith(typed)) io.data(`${before}${value}\t${printable(about)}\n`)
  const files = source === undefined ? undefined : byShell[source]
  if (files !== undefined) io.data(`${files}\n`)
  return exitCode.ok
}

async function knownTo(
  source: Source,
  program: Command,
  target: Parameters<typeof valuesFrom>[1],
  io: Io,
): Promise<readonly Candidate[]> {
  if (source !== 'commands') return await valuesFrom(source, target, io)
  return wantedOf(program, ['']).choices
}

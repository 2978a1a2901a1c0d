/** One change asked of a running edge, and what its answer comes to. */
import { type AdminAnswer, type Ask, askAdmin } from './admin-client.ts'
import { report, targetOrReport } from './admin-failure.ts'
import type { AdminTarget, TargetOptions } from './admin-target.ts'
import { exitCode } from '../process/exit-codes.ts'
import type { Io } from '../process/io.ts'
import { printable } from '../text/text.ts'

/** `onOk` shows the answer and returns the exit code; everything else is told here. Never rejects. */
export async function command(
  io: Io,
  options: TargetOptions,
  { path, ...request }: Ask,
  onOk: (body: unknown) => number | Promise<number>,
): Promise<number> {
  const target = targetOrReport(io, options)
  if (typeof target === 'number') return target
  const answer = await askAdmin(target, path, request)
  return answer.kind === 'ok' ? await onOk(answer.body) : tellFailure(io, target, answer)
}

/** Says what was wrong with what was asked for, a line each, or why nobody answered it; returns the exit code. */
export function tellFailure(io: Io, target: AdminTarget, answer: Exclude<AdminAnswer, { kind: 'ok' }>): number {
  const lines = answer.kind === 'refused' ? problemLines(answer.body) : []
  if (lines.length === 0) return report(io, target, answer)
  for (const line of lines) io.stderr(`${line}\n`)
  return exitCode.failure
}

/** Those with a place as `file:line:column: …`, the others by key. */
function problemLines(body: unknown): string[] {
  if (typeof body !== 'object' || body === null || !('problems' in body) || !Array.isArray(body.problems)) return []
  return body.problems.map((problem: Partial<Record<string, string | number | null>> | null) => {
    const { file, line = 1, column = 1, key = '', rule = '', value, hint } = problem ?? {}
    const place = file === undefined ? 'smartedge: ' : `${file}:${line}:${column}: `
    // A body that is one value has no keys to name.
    const what = key === '' && file === undefined ? 'the value' : key
    const got = value === undefined || value === null ? '' : `, got ${value}`
    return printable(`${place}${what} ${rule}${got}${hint ? ` (${hint})` : ''}`.replace(/: +/, ': '))
  })
}

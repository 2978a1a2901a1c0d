/** One change asked of a running edge, and what its answer comes to. */
import { type AdminAnswer, type Ask, askAdmin } from './admin-client.ts'
import { report, targetOrReport } from './admin-failure.ts'
import type { AdminTarget, TargetOptions } from './admin-target.ts'
import { exitCode } from '../process/exit-codes.ts'
import type { Io } from '../process/io.ts'
import { printable } from '../text/text.ts'

/** What to ask, and a key that every answer to it has: without it somebody else has answered. */
export interface Question extends Ask {
  readonly tells: string
  /** What people wrote a key of the body as; '' is the body as a whole. */
  readonly nameOf?: NameOf
}

type NameOf = (key: string) => string

const asItIs: NameOf = (key) => key || 'the value'

/** `onOk` shows the answer and returns the exit code; everything else is told here. Never rejects. */
export async function command(
  io: Io,
  options: TargetOptions,
  { path, tells, nameOf, ...request }: Question,
  onOk: (body: unknown) => number | Promise<number>,
): Promise<number> {
  const target = targetOrReport(io, options)
  if (typeof target === 'number') return target
  const answer = await askAdmin(target, path, request)
  if (answer.kind !== 'ok') return tellFailure(io, target, answer, nameOf)
  return tellsOf(answer.body, tells) ? await onOk(answer.body) : report(io, target, noSmartEdge)
}

export const tellsOf = (body: unknown, key: string): boolean => typeof body === 'object' && body !== null && key in body

export const noSmartEdge = {
  kind: 'refused',
  reason: 'that is no answer of a SmartEdge; is this the address of its admin API?',
} as const

/** Says what was wrong with what was asked for, a line each, or why nobody answered it; returns the exit code. */
export function tellFailure(
  io: Io,
  target: AdminTarget,
  answer: Exclude<AdminAnswer, { kind: 'ok' }>,
  nameOf = asItIs,
): number {
  const lines = answer.kind === 'refused' ? problemLines(answer.body, nameOf) : []
  if (lines.length === 0) return report(io, target, answer)
  for (const line of lines) io.stderr(`${line}\n`)
  return exitCode.failure
}

/** Those with a place as `file:line:column: …`, the others by key. */
function problemLines(body: unknown, nameOf: NameOf): string[] {
  if (typeof body !== 'object' || body === null || !('problems' in body) || !Array.isArray(body.problems)) return []
  return body.problems.map((problem: Partial<Record<string, string | number | null>> | null) => {
    const { file, line = 1, column = 1, key = '', rule = '', value, hint } = problem ?? {}
    const place = file === undefined ? 'smartedge: ' : `${file}:${line}:${column}: `
    const what = file === undefined ? nameOf(String(key)) : key
    const got = value === undefined || value === null ? '' : `, got ${value}`
    return printable(`${place}${what} ${rule}${got}${hint ? ` (${hint})` : ''}`.replace(/: +/, ': '))
  })
}

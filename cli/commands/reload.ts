/** `smartedge reload`: has a running edge load its files again, say what that would change, or go back one generation. */
import type { Problem } from '../../core/config/problems.ts'
import { formatProblem } from '../../core/config/problems.ts'
import type { Generation } from '../../core/report/reload-status.ts'
import type { Change } from '../../core/control/contract.ts'
import type { TargetOptions } from '../client/admin-target.ts'
import { command } from '../client/control-client.ts'
import { exitCode } from '../process/exit-codes.ts'
import type { Io } from '../process/io.ts'
import { printable } from '../text/text.ts'
import { counted } from '../../core/view/amounts.ts'

export interface ReloadOptions extends TargetOptions {
  /** Changes nothing. */
  readonly plan?: boolean
  readonly rollback?: boolean
  /** The answer as it came. */
  readonly json?: boolean
}

/** `failure` also when a part of the files could not be used. */
export async function reload(io: Io, options: ReloadOptions): Promise<number> {
  const path = pathOf(options)
  return await command(
    io,
    options,
    { method: 'POST', path, tells: options.plan ? 'changes' : 'generation' },
    (body) => {
      const answer = body as Partial<ReloadAnswer>
      const problems = answer.problems ?? []
      if (options.json) io.data(`${JSON.stringify(body, null, 2)}\n`)
      else {
        io.stdout(options.plan ? formatPlan(answer) : formatOutcome(answer))
        printProblems(io, answer)
      }
      return problems.length === 0 ? exitCode.ok : exitCode.failure
    },
  )
}

function pathOf({ plan, rollback }: ReloadOptions): string {
  if (rollback) return plan ? '/api/rollback/plan' : '/api/rollback'
  return plan ? '/api/config/plan' : '/api/reload'
}

/** What they answer, as far as it is shown. */
interface ReloadAnswer {
  readonly kind: string
  readonly generation: Generation
  readonly summary: string
  readonly changes: readonly Change[]
  readonly kept: readonly string[]
  readonly problems: readonly Problem[]
  readonly omitted: number
}

function formatOutcome({ kind, generation }: Partial<ReloadAnswer>): string {
  if (generation === undefined) return ''
  if (kind === 'unchanged') return `generation ${generation.number}: nothing changed\n`
  return `generation ${generation.number}: ${printable(generation.summary)}\n`
}

function formatPlan({ changes = [], summary = '' }: Partial<ReloadAnswer>): string {
  if (changes.length === 0) return `${printable(summary)}\n`
  const ending = (change: Change): string =>
    change.connections === 0 ? '' : ` (ends ${counted(change.connections, 'connection')}${tunnelsOf(change)})`
  const lines = changes.map((change) => `${printable(change.key)}: ${printable(change.text)}${ending(change)}`)
  const total = changes.reduce((sum, { connections }) => sum + connections, 0)
  return `${[...lines, `${counted(changes.length, 'change')}, ${counted(total, 'connection')} to end`].join('\n')}\n`
}

const tunnelsOf = ({ tunnels }: Change): string => (tunnels === 0 ? '' : `, ${counted(tunnels, 'tunnel')} among them`)

function printProblems(io: Io, { problems = [], kept = [], omitted = 0 }: Partial<ReloadAnswer>): void {
  for (const problem of problems) io.stderr(`${printable(formatProblem(problem))}\n`)
  if (omitted > 0) io.stderr(`and ${counted(omitted, 'problem')} more\n`)
  if (kept.length > 0) io.stderr(`kept as before: ${kept.map(printable).join(', ')}\n`)
}

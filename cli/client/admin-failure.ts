/** How people are told that there is nothing to show: nobody could be asked, nobody answered, or the answer was no. */
import { exitCode } from '../process/exit-codes.ts'
import type { Io } from '../process/io.ts'
import { printable } from '../text/text.ts'
import type { Failure } from './admin-client.ts'
import { type AdminTarget, adminTarget, TargetError, type TargetOptions, type TargetsOptions } from './admin-target.ts'

/** Whom to ask; or the exit code, when that cannot be said and people have been told why. */
export function targetOrReport(io: Io, options: TargetOptions): AdminTarget | number {
  try {
    return adminTarget(options, io)
  } catch (error) {
    if (!(error instanceof TargetError)) throw error
    io.stderr(`${error.code === exitCode.badConfig ? '' : 'smartedge: '}${error.message}\n`)
    return error.code
  }
}

/** Several, each once, or the only one; or the exit code, likewise. */
export function targetsOrReport(
  io: Io,
  { url, ...options }: TargetsOptions,
): readonly [AdminTarget, ...AdminTarget[]] | number {
  const [first, ...others] = typeof url === 'string' ? [url] : (url ?? [])
  const found = targetOrReport(io, first === undefined ? options : { ...options, url: first })
  if (typeof found === 'number') return found
  const targets: [AdminTarget, ...AdminTarget[]] = [found]
  for (const other of others) {
    const target = targetOrReport(io, { ...options, url: other })
    if (typeof target === 'number') return target
    if (targets.every((one) => one.url !== target.url)) targets.push(target)
  }
  return targets
}

/** Says in a line why there is nothing to show, and in another whether it may have been done; returns the exit code. */
export function report(
  io: Pick<Io, 'stderr' | 'command'>,
  { url, config }: AdminTarget,
  problem: Failure | { readonly kind: 'refused'; readonly reason: string },
): number {
  const reason = printable(problem.reason)
  if (problem.kind === 'refused') {
    io.stderr(`smartedge: ${url} refused: ${reason}\n`)
    return exitCode.failure
  }
  const place = config === undefined ? url : `${url}, which ${config} names`
  const another = 'name it with --url or its configuration with -c'
  io.stderr(
    problem.kind === 'silent'
      ? `smartedge: something listens at ${place}, and does not answer (${reason}): it is stopped, hung or no SmartEdge; ` +
          `continue or restart that process, or, if another is meant, ${another}\n`
      : `smartedge: no admin API at ${place} (${reason}); start one with "${io.command} run", or ${another}\n`,
  )
  if (problem.mayBeDone) {
    io.stderr(
      `smartedge: what was asked for may have been done, or be done yet: look first, for a client with "${io.command} client show"; ` +
        `a new key that was not shown is lost, and "${io.command} client set --new-key" makes another\n`,
    )
  }
  return exitCode.unreachable
}

/** `smartedge status`: what a running edge is doing, as a table or as JSON, once or again and again. */
import { setTimeout as wait } from 'node:timers/promises'
import type { StatusSnapshot } from '../../core/report/snapshot.ts'
import { askAdmin } from '../client/admin-client.ts'
import { report, targetOrReport } from '../client/admin-failure.ts'
import type { TargetOptions } from '../client/admin-target.ts'
import { exitCode } from '../process/exit-codes.ts'
import type { Io } from '../process/io.ts'
import { formatStatus, type StatusLook } from '../text/status-table.ts'

export interface StatusOptions extends TargetOptions {
  readonly json?: boolean
  readonly watch?: boolean
  /** Between two looks; for tests. */
  readonly pause?: () => Promise<unknown>
}

const clearScreen = '\u001B[H\u001B[2J\u001B[3J'

/** With `watch` it goes on until the process ends, or the edge is gone. */
export async function status(io: Io, options: StatusOptions): Promise<number> {
  const target = targetOrReport(io, options)
  if (typeof target === 'number') return target
  const pause = options.pause ?? (() => wait(1000))
  let previous: StatusSnapshot | undefined
  for (;;) {
    const answer = await askAdmin(target, '/api/status')
    if (answer.kind !== 'ok') return report(io, target, answer)
    if (!isSnapshot(answer.body)) return report(io, target, { kind: 'refused', reason: 'that is no SmartEdge status' })
    if (options.json) io.data(`${JSON.stringify(answer.body, null, options.watch ? 0 : 2)}\n`)
    else io.stdout((options.watch && io.isTty ? clearScreen : '') + formatStatus(answer.body, lookOf(io, previous)))
    if (!options.watch) return exitCode.ok
    previous = answer.body
    await pause()
  }
}

const lookOf = ({ color, columns, ascii }: Io, previous: StatusSnapshot | undefined): StatusLook => ({
  color,
  width: columns(),
  ellipsis: ascii ? '~' : '…',
  previous,
})

/** As much as the table relies on; a newer edge may tell more. */
function isSnapshot(body: unknown): body is StatusSnapshot {
  if (typeof body !== 'object' || body === null) return false
  const { version, counters, process, listeners, pools } = body as Readonly<Record<string, unknown>>
  return (
    typeof version === 'string' &&
    [counters, process].every((part) => typeof part === 'object' && part !== null) &&
    Array.isArray(listeners) &&
    Array.isArray(pools) &&
    pools.every((pool: { backends?: unknown } | null) => Array.isArray(pool?.backends))
  )
}

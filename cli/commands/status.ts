/** `smartedge status`: what a running edge is doing, as a table or as JSON, once or again and again. */
import { setTimeout as wait } from 'node:timers/promises'
import type { StatusSnapshot } from '../../core/report/snapshot.ts'
import { type AdminRequest, askAdmin } from '../client/admin-client.ts'
import { report, targetsOrReport } from '../client/admin-failure.ts'
import type { AdminTarget, TargetsOptions } from '../client/admin-target.ts'
import { noSmartEdge } from '../client/control-client.ts'
import { exitCode } from '../process/exit-codes.ts'
import type { Io } from '../process/io.ts'
import { formatStatus, type StatusLook } from '../text/status-table.ts'
import { clearScreen, paint, printable } from '../text/text.ts'

export interface StatusOptions extends TargetsOptions {
  readonly json?: boolean
  readonly watch?: boolean
  /** Between two looks; for tests. */
  readonly pause?: () => Promise<unknown>
}

/** From look to look. Of several, one that hangs is not waited for any longer, so that the others go on being shown. */
const watchMs = 1000

/** With `watch` it goes on until the process ends, or all the edges are gone. */
export async function status(io: Io, options: StatusOptions): Promise<number> {
  const targets = targetsOrReport(io, options)
  if (typeof targets === 'number') return targets
  const pause = options.pause ?? (() => wait(watchMs))
  const isOneOfSeveral = targets.length > 1
  const ask: AdminRequest = { method: 'GET', ...(options.watch && isOneOfSeveral && { patienceMs: watchMs }) }
  const previous = new Map<string, StatusSnapshot>()
  for (;;) {
    const looks = await Promise.all(
      targets.map(async (target): Promise<Look> => ({ target, isOneOfSeveral, ...(await lookAt(target, ask)) })),
    )
    const isDrawn = options.watch && io.isTty && !options.json
    if (isDrawn && looks.some(({ snapshot }) => snapshot !== undefined)) io.stdout(clearScreen)
    const codes = looks.map((look) => show(io, look, options, previous.get(look.target.url)))
    const failed = codes.find((code) => code !== exitCode.ok)
    if (!options.watch || codes.every((code) => code !== exitCode.ok)) return failed ?? exitCode.ok
    for (const { target, snapshot } of looks) if (snapshot !== undefined) previous.set(target.url, snapshot)
    await pause()
  }
}

type Look = Seen & {
  readonly target: AdminTarget
  /** Whether it has to be told from the others. */
  readonly isOneOfSeveral: boolean
}

type Seen =
  | { readonly snapshot: StatusSnapshot }
  | { readonly snapshot?: undefined; readonly problem: Parameters<typeof report>[2] }

async function lookAt(target: AdminTarget, ask: AdminRequest): Promise<Seen> {
  const answer = await askAdmin(target, '/api/status', ask)
  if (answer.kind !== 'ok') return { problem: answer }
  return isSnapshot(answer.body) ? { snapshot: answer.body } : { problem: noSmartEdge }
}

/** Returns the exit code that this one comes to. */
function show(io: Io, look: Look, options: StatusOptions, previous: StatusSnapshot | undefined): number {
  const { target, isOneOfSeveral, snapshot } = look
  if (snapshot === undefined) return report(io, target, look.problem)
  if (options.json) {
    const told = isOneOfSeveral ? { url: target.url, ...snapshot } : snapshot
    io.data(`${JSON.stringify(told, null, options.watch || isOneOfSeveral ? 0 : 2)}\n`)
    return exitCode.ok
  }
  const heading = isOneOfSeveral ? `${paint(`== ${printable(target.url)}`, 'bold', io.color)}\n` : ''
  io.stdout(heading + formatStatus(snapshot, lookOf(io, previous)) + (isOneOfSeveral ? '\n' : ''))
  return exitCode.ok
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

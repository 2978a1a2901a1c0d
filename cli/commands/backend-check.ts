/** `smartedge backend check`: has the health of one backend checked now, waits for the result and tells it. */
import { setTimeout as wait } from 'node:timers/promises'
import type { BackendStatus, PoolStatus, StatusSnapshot } from '../../core/report/snapshot.ts'
import type { TargetOptions } from '../client/admin-target.ts'
import { backendPath } from '../../core/view/api-paths.ts'
import { command } from '../client/control-client.ts'
import { exitCode } from '../process/exit-codes.ts'
import type { Io } from '../process/io.ts'
import { formatMs } from '../../core/view/amounts.ts'
import { printable } from '../text/text.ts'

export interface CheckOptions extends TargetOptions {
  readonly json?: boolean
  /** Between two looks, ms; for tests. */
  readonly pause?: (ms: number) => Promise<unknown>
}

/** Most checks are answered within a second; some wait for others of their pool, and for their time-out. */
const pausesMs = [...Array.from({ length: 10 }, () => 100), ...Array.from({ length: 30 }, () => 1000)]

/** `failure` when the check fails, or nothing is known of it in time. */
export async function checkBackend(
  io: Io,
  { pool: { name: pool }, backend: { id, lastCheck } }: { readonly pool: PoolStatus; readonly backend: BackendStatus },
  options: CheckOptions,
): Promise<number> {
  const path = `${backendPath(pool, id)}/check`
  const pause = options.pause ?? wait
  return await command(io, options, { method: 'POST', path, tells: 'check' }, async () => {
    for (const pauseMs of pausesMs) {
      let checked: BackendStatus | undefined
      const code = await command(io, options, { method: 'GET', path: '/api/status', tells: 'pools' }, (body) => {
        checked = backendIn(body as Partial<StatusSnapshot>, pool, id)
        return exitCode.ok
      })
      if (code !== exitCode.ok) return code
      if (checked?.lastCheck && checked.lastCheck.at !== lastCheck?.at) return tell(io, pool, checked, options)
      await pause(pauseMs)
    }
    io.stderr(`smartedge: ${printable(pool)}: the check of ${printable(id)} has not come to an end\n`)
    return exitCode.failure
  })
}

const backendIn = ({ pools = [] }: Partial<StatusSnapshot>, pool: string, id: string): BackendStatus | undefined =>
  pools.find(({ name }) => name === pool)?.backends.find((backend) => backend.id === id)

function tell(io: Io, pool: string, { id, state, lastCheck }: BackendStatus, { json = false }: CheckOptions): number {
  if (lastCheck === null) return exitCode.failure
  const { passed, detail, elapsedMs } = lastCheck
  const verdict = `${passed ? 'passed' : 'failed'} its check: ${printable(detail)} in ${formatMs(elapsedMs)}`
  if (json) io.data(`${JSON.stringify({ pool, backend: id, state, check: lastCheck }, null, 2)}\n`)
  else io.stdout(`${printable(pool)}: ${printable(id)} ${verdict}; it is ${printable(state)}\n`)
  return passed ? exitCode.ok : exitCode.failure
}

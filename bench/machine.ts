/** The machine under a benchmark, for the reports. */
import { cpus, release, totalmem, type } from 'node:os'
import type { Cores } from './cores.ts'
import type { Machine } from './results.ts'

export const describeMachine = (cores: Cores): Machine => ({
  cpu: cpus()[0]?.model.trim() ?? 'unknown CPU',
  cores: cpus().length,
  memoryBytes: totalmem(),
  system: `${type()} ${release()}`,
  pinning: describePinning(cores),
})

/** In words. Pure. */
export function describePinning({ contestant, backends, load }: Cores): string {
  if (contestant === undefined) return 'nothing pinned to a core'
  return `contestant on core ${contestant}, backend on ${backends?.join(', ')}, load on ${load?.join(', ')}`
}

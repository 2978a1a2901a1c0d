/** The deadline that a client sets for its own request: read, and told on with what is left of it. Pure. */

/**
 * `grpc-timeout`: the time left, as gRPC writes it (PROTOCOL-HTTP2, "Timeout"): 1 to 8 digits and a unit.
 * `x-request-deadline`: an instant as RFC 3339 writes it, so that it needs clocks that agree.
 */
export type DeadlineField = 'grpc-timeout' | 'x-request-deadline'

/** A field that replaces those of its name. */
export interface DeadlineLine {
  readonly field: DeadlineField
  readonly value: string
}

/** The finest first. */
const MS_PER_UNIT: Readonly<Record<string, number>> = { n: 1e-6, u: 1e-3, m: 1, S: 1000, M: 60_000, H: 3_600_000 }
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/
/** Eight digits. */
const MAX_GRPC_COUNT = 99_999_999

/** ms that are left, below 0 when it has passed; undefined for a value that is none. `wallTime`: ms since 1970. */
export function readDeadline(field: DeadlineField, value: string, wallTime: number): number | undefined {
  if (field === 'grpc-timeout') {
    const [, digits = '', unit = ''] = /^(\d{1,8})([HMSmun])$/.exec(value) ?? []
    const factor = MS_PER_UNIT[unit]
    return factor === undefined ? undefined : Number(digits) * factor
  }
  const at = INSTANT.test(value) ? Date.parse(value) : Number.NaN
  return Number.isNaN(at) ? undefined : at - wallTime
}

/** The field that tells of `leftMs` (> 0), never of more. */
export function deadlineLine(field: DeadlineField, leftMs: number, wallTime: number): DeadlineLine {
  if (field === 'x-request-deadline') return { field, value: new Date(Math.floor(wallTime + leftMs)).toISOString() }
  for (const [unit, ms] of Object.entries(MS_PER_UNIT)) {
    const count = Math.floor(leftMs / ms)
    if (count <= MAX_GRPC_COUNT) return { field, value: `${Math.max(1, count)}${unit}` }
  }
  return { field, value: `${MAX_GRPC_COUNT}H` }
}

/** An observer of exchanges that writes a line for each that the policy wants. */
import type { ExchangeRecord, Observer } from '../exchange/record.ts'
import type { Random } from '../random.ts'
import { lineFormat, statusOf } from './line.ts'
import type { AccessLogPolicy } from './policy.ts'

export interface AccessLogOptions {
  readonly policy: AccessLogPolicy
  /** Takes a line without its end. */
  readonly write: (line: string) => void
  /** Epoch ms now. */
  readonly wallTime: () => number
  readonly random: Random
}

export function accessLog({ policy, write, wallTime, random }: AccessLogOptions): Observer {
  const line = lineFormat(policy.format, policy.hidden)
  const { sampleRatio } = policy
  return (record) => {
    if (isWantedAnyway(policy, record) || sampleRatio === 1 || (sampleRatio > 0 && random() < sampleRatio))
      write(line(record, wallTime()))
  }
}

function isWantedAnyway({ always }: AccessLogPolicy, record: ExchangeRecord): boolean {
  if (always === undefined) return false
  const { statuses, slowerMs } = always
  if (slowerMs !== undefined && record.endedAt - record.startedAt > slowerMs) return true
  const status = statusOf(record)
  return statuses.some(({ from, to }) => status >= from && status <= to)
}

/** `smartedge explain`: why requests of a running SmartEdge went to the backends that they went to, as text or as JSON. */
import { setTimeout as wait } from 'node:timers/promises'
import type { ToldExplanation, ToldExplanations } from '../../core/explain/told.ts'
import { askAdmin } from '../client/admin-client.ts'
import { report, targetOrReport } from '../client/admin-failure.ts'
import type { TargetOptions } from '../client/admin-target.ts'
import { noSmartEdge } from '../client/control-client.ts'
import { explanationsPath, MOST_EXPLANATIONS, readExplanations } from '../client/explanations.ts'
import { exitCode } from '../process/exit-codes.ts'
import type { Io } from '../process/io.ts'
import { formatExplanation } from '../text/explanation.ts'
import { counted, formatCount } from '../../core/view/amounts.ts'

export interface ExplainOptions extends TargetOptions {
  /** How many, the newest: 1..200; absent: 20. */
  readonly number?: number
  readonly status?: string
  readonly slower?: string
  readonly route?: string
  readonly pool?: string
  readonly backend?: string
  readonly follow?: boolean
  readonly json?: boolean
  /** Between two looks; for tests. */
  readonly pause?: () => Promise<unknown>
}

/** With `follow` it goes on until the process ends, or the edge is gone. */
export async function explain(io: Io, options: ExplainOptions): Promise<number> {
  const target = targetOrReport(io, options)
  if (typeof target === 'number') return target
  const pause = options.pause ?? (() => wait(1000))
  let after: string | undefined
  for (let isFirst = true; ; isFirst = false) {
    const answer = await askAdmin(target, pathOf(options, after))
    if (answer.kind !== 'ok') return report(io, target, answer)
    const told = readExplanations(answer.body)
    if (told === undefined) return report(io, target, noSmartEdge)
    const { explanations } = told
    if (options.json) writeJson(io, told, options)
    else if (explanations.length > 0) io.stdout(formatAll(io, explanations))
    else if (isFirst) io.stderr(`smartedge: ${nothing(told)}\n`)
    if (!options.follow) return exitCode.ok
    after = explanations[0]?.id ?? after
    await pause()
  }
}

function pathOf(options: ExplainOptions, after: string | undefined): string {
  const { number = 20, status, slower, route, pool, backend } = options
  const last = after === undefined ? number : MOST_EXPLANATIONS
  return explanationsPath({ last, status, slower, route, pool, backend, after })
}

/** The newest last, where the eye is. */
const formatAll = ({ color, columns }: Io, explanations: readonly ToldExplanation[]): string =>
  explanations
    .toReversed()
    .map((told) => `${formatExplanation(told, { color, width: columns() })}\n`)
    .join('')

function writeJson(io: Io, told: ToldExplanations, { follow }: ExplainOptions): void {
  if (!follow) io.data(`${JSON.stringify(told, null, 2)}\n`)
  else for (const one of told.explanations.toReversed()) io.data(`${JSON.stringify(one)}\n`)
}

/** Why there is nothing to show, and what to do about it. */
function nothing({ sampling: { rate, kept, seen } }: ToldExplanations): string {
  const how = 'send one with "X-SmartEdge-Explain: <admin token>", or raise explain.sample'
  if (kept > 0) return `none of the ${counted(kept, 'explained request')} fits; ask for others`
  const share = `${Number((rate * 100).toPrecision(3))}%`
  return `no request has been explained yet, of ${formatCount(seen)} at a sample of ${share}; ${how}`
}

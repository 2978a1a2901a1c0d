/** The limits of a status as a table: pure. */
import type { LimitStatus } from '../../core/report/limit-status.ts'
import { cutMiddle } from './fit.ts'
import { formatCount } from '../../core/view/amounts.ts'
import type { PoolLook } from './status-pool.ts'
import { alignTable, type Cell } from './table.ts'
import { paint, printable } from './text.ts'

const numbers = ['keys', 'refused', 'reported', 'evicted'] as const

/** What the other columns take beside the one that says whose it is, with names of some length. */
const OTHERS = 60

/** Empty without any; balancers of before there were any say nothing. */
export function formatLimits(limits: readonly LimitStatus[] | undefined, { color, width, ellipsis }: PoolLook): string {
  if (limits === undefined || limits.length === 0) return ''
  const room = width === undefined ? Infinity : Math.max(12, width - OTHERS)
  const titles = ['of', 'limit', ...numbers]
  const header = titles.map((text, column): Cell => ({ text, style: 'dim', right: column > 1 }))
  const rows = limits.map((limit): Cell[] => [
    { text: cutMiddle(printable(limit.route ?? `pool ${limit.pool}`), room, ellipsis) },
    { text: printable(limit.name) },
    ...numbers.map((name): Cell => ({
      text: formatCount(limit[name]),
      right: true,
      ...(name === 'refused' && limit.refused > 0 && { style: 'yellow' as const }),
    })),
  ])
  return `${paint('limits', 'bold', color)}\n${alignTable([header, ...rows], color)}`
}

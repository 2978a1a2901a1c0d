/** Measurements of strategies in scenarios -> a table in Markdown, the losses as plain as the wins. Pure. */
import { median } from '../stats.ts'
import type { Measured } from './measure.ts'
import type { Scenario } from './scenarios.ts'

/** What a strategy met in each scenario, in the order of the scenarios, with each seed. */
export interface Contestant {
  readonly name: string
  readonly results: readonly (readonly Measured[])[]
}

/**
 * p50 / p99 ms, medians of the seeds, and the regret: p99 over the best p99 of the row. The last row has each strategy's worst
 * regret. Shares of a watched member stand below its scenario.
 */
export function renderRegrets(scenarios: readonly Scenario[], contestants: readonly Contestant[]): string {
  const p99s = contestants.map(({ results }) => results.map((seeds) => median(seeds.map(({ p99Ms }) => p99Ms))))
  const best = scenarios.map((_, row) => Math.min(...p99s.map((column) => column[row] ?? Infinity)))
  const regrets = p99s.map((column) => column.map((p99Ms, row) => p99Ms / (best[row] ?? 1)))
  const rows = scenarios.flatMap(({ name, about, watched }, row) => {
    const cells = contestants.map(({ results }, at) => {
      const regret = regrets[at]?.[row] ?? Number.NaN
      const text = `${ms(median((results[row] ?? []).map(({ p50Ms }) => p50Ms)))} / ${ms(p99s[at]?.[row] ?? Number.NaN)} · ${times(regret)}`
      return regret === 1 ? `**${text}**` : text
    })
    const line = `| ${name}: ${about} | ${cells.join(' | ')} |`
    if (watched === undefined) return [line]
    const shares = contestants.map(({ results }) =>
      percent(median((results[row] ?? []).map(({ firstShare }) => firstShare))),
    )
    return [line, `| … ${watched} | ${shares.join(' | ')} |`]
  })
  const worst = regrets.map((column) => times(Math.max(...column)))
  return [
    `| p50 / p99 ms · regret | ${contestants.map(({ name }) => `\`${name}\``).join(' | ')} |`,
    `| --- |${contestants.map(() => ' --- |').join('')}`,
    ...rows,
    `| **worst regret** | ${worst.join(' | ')} |`,
  ].join('\n')
}

const ms = (value: number): string => (value < 10 ? value.toFixed(1) : value.toFixed(0))
const times = (value: number): string => (value < 10 ? value.toFixed(2) : value.toFixed(0))
const percent = (part: number): string => `${(100 * part).toFixed(1)} %`

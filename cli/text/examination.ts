/** What came of the checks of a strategy, as text for people: pure. */
import type { CheckResult, Report } from '../../core/lab/examine.ts'
import { paint, printable } from './text.ts'

export interface Examination {
  /** As people named it. */
  readonly target: string
  /** As it calls itself. */
  readonly name: string
  readonly report: Report
  readonly checks: readonly Checked[]
  /** Why a running edge would refuse it; null: it would not. */
  readonly refusal: string | null
}

/** A check, and whether its author says that it does not apply. */
export type Checked = CheckResult & { readonly skipped: boolean }

export function renderExamination({ target, name, report, checks, refusal }: Examination, color: boolean): string {
  const { nsPerPick } = report
  return [
    `${paint(printable(target), 'bold', color)} (${printable(name)})`,
    ...checks.map((check) => checkLine(check, color)),
    ...spread(report),
    ...(nsPerPick === null ? [] : [`  ${Math.round(nsPerPick)} ns for a request among 100 backends`]),
    `${summarize(checks, refusal)}\n`,
  ].join('\n')
}

function checkLine({ name, fault, at, exempt, skipped }: Checked, color: boolean): string {
  if (exempt !== null) return `  ${paint('–', 'dim', color)} ${name}: does not apply, ${printable(exempt)}`
  if (fault === null) return `  ${paint('✔', 'green', color)} ${name}`
  if (skipped) return `  ${paint('–', 'dim', color)} ${name}: skipped`
  const lines = (at === null ? fault : `${at}: ${fault}`).split('\n').map((line) => `\n      ${printable(line)}`)
  return `  ${paint('✖', 'red', color)} ${name}${lines.join('')}`
}

/** A fault that was skipped is none; one that is passed all the same counts as passed. */
function summarize(checks: readonly Checked[], refusal: string | null): string {
  const passed = checks.filter(({ fault, exempt }) => fault === null && exempt === null).length
  const skipped = checks.filter(({ fault, exempt, skipped }) => exempt !== null || (fault !== null && skipped)).length
  const failed = checks.length - passed - skipped
  const counts = [`${passed} passed`, `${failed} failed`, ...(skipped === 0 ? [] : [`${skipped} skipped`])].join(', ')
  if (failed === 0) return counts
  if (refusal !== null) return `${counts}; SmartEdge would refuse it`
  return `${counts}; SmartEdge would run it, --skip leaves out what it means otherwise (--skip weight)`
}

function spread({ spread }: Report): string[] {
  if (spread.length === 0) return []
  const percent = (ratio: number): string => `${(ratio * 100).toFixed(1)} %`
  const shares = spread.map(({ weight, share, expected }) => `${weight}: ${percent(share)} of ${percent(expected)}`)
  return [`  requests by weight, of what it promises: ${shares.join(', ')}`]
}

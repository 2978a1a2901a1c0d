/** What counts as a failure of a backend, for breaker and ejection: how an attempt failed, or how it was answered. Pure. */

/** Inclusive. */
export interface StatusRange {
  readonly from: number
  readonly to: number
}

export const isAmong = (status: number, ranges: readonly StatusRange[]): boolean =>
  ranges.some(({ from, to }) => status >= from && status <= to)

/** As attempts name it. */
export type FailureCause = 'connect' | 'timeout' | 'reset' | 'protocol'

export interface FailureRule {
  readonly causes: readonly FailureCause[]
  /** Of answers that came whole. */
  readonly statuses: readonly StatusRange[]
}

/** How an attempt ended, as far as it matters here. */
export type Ending =
  | { readonly kind: 'completed'; readonly status: number }
  /** `tls`: why there was no TLS with it, of a connect. */
  | { readonly kind: 'failed'; readonly cause: FailureCause; readonly tls?: string }
  | { readonly kind: 'abandoned' | 'local' }

/** `none`: it says nothing of the backend. */
export type Verdict = 'good' | 'bad' | 'none'

/** A failure that is not to count is no success either. */
export function verdictOn(ending: Ending, { causes, statuses }: FailureRule): Verdict {
  switch (ending.kind) {
    case 'completed':
      return isAmong(ending.status, statuses) ? 'bad' : 'good'
    case 'failed':
      return causes.includes(ending.cause) ? 'bad' : 'none'
    case 'abandoned':
    case 'local':
      return 'none'
  }
}

/** `a failure`, `3 failures in a row`. */
export const rowText = (count: number, what = 'failure'): string =>
  count === 1 ? `a ${what}` : `${count} ${what}s in a row`

/** `30 s`, `1.5 s`: for causes in words. */
export const secondsText = (ms: number): string => `${Number((ms / 1000).toPrecision(3))} s`

/** `62 %`. */
export const percentText = (ratio: number): string => `${Number((ratio * 100).toPrecision(3))} %`

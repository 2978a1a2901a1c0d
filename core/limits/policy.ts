/** Allowances. */
export interface Allowance {
  readonly perMs: number
  readonly burst: number
}

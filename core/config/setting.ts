/** What a default is: a value with its unit, its range and the reason for it. */

/** A number. An undefined value means that there is no default: no bound, or nothing to assume. */
export interface Setting {
  readonly unit: 'ms' | 'bytes' | 'count' | 'ratio' | 'degrees' | 'status'
  readonly value: number | undefined
  /** Smallest and largest value accepted, inclusive. */
  readonly min: number
  readonly max: number
  readonly reason: string
}

/** A default that is no number; its rule stands where it is read. */
export interface TextSetting {
  readonly value: string
  readonly reason: string
}

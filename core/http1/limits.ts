/** Bounds on what one message head may cost. All of them come from the config's `limits`. */
export interface HttpLimits {
  /** Bytes of a start line plus fields plus the empty line; also the bound of a trailer section. */
  readonly maxHeadBytes: number
  /** Bytes of a request target. */
  readonly maxTargetBytes: number
  /** Field lines in a head or a trailer section. */
  readonly maxFields: number
}

/** The most that `limits.fields` may be set to, and so what the parsers have room for: they outlive a reload. */
export const MAX_FIELDS = 4096

/** 1xx responses to one request: each is a sign of life, and without end they would keep it waiting for ever. */
export const MAX_INTERIMS = 64

/** The longest registered method has 17 bytes (UPDATEREDIRECTREF). */
export const MAX_METHOD_BYTES = 64

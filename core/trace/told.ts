/** What a request tells of the trace that it is part of, as offsets into its head: no text is made of what is not recorded. */

/** 'open': whoever takes it on decides. */
export type Decision = 'sampled' | 'unsampled' | 'open'

const TRACE_DIGITS = 32

export interface ToldOptions {
  readonly bytes: Buffer
  /** Where the trace's id begins; -1: it is not told, only the decision is. */
  readonly traceAt: number
  /** 32, or 16 as older tracers of B3 have it. */
  readonly traceDigits: number
  readonly spanAt: number
  readonly decision: Decision
  /** Its sender says that the trace's id is random (W3C Trace Context level 2). */
  readonly isRandom: boolean
}

export class Told {
  readonly decision: Decision
  readonly isRandom: boolean
  private readonly options: ToldOptions

  constructor(options: ToldOptions) {
    this.options = options
    this.decision = options.decision
    this.isRandom = options.isRandom
  }

  get hasIds(): boolean {
    return this.options.traceAt >= 0
  }

  /** 32 lower-case hexadecimal digits; valid as long as the head is, as the next. */
  get traceId(): string {
    const { bytes, traceAt, traceDigits } = this.options
    return bytes.toString('latin1', traceAt, traceAt + traceDigits).padStart(TRACE_DIGITS, '0')
  }

  /** Its sender's span: 16 digits. */
  get spanId(): string {
    const { bytes, spanAt } = this.options
    return bytes.toString('latin1', spanAt, spanAt + 16)
  }
}

/** Says something, but nothing that can be understood. */
export const INVALID = 'invalid'

/** undefined: it tells nothing. */
export type Telling = Told | typeof INVALID | undefined

const ZERO = 0x30

/** Whether bytes[at..at + digits) are lower-case hexadecimal digits, and not all of them zeros: an id. */
export function isId(bytes: Uint8Array, at: number, digits: number): boolean {
  let isZero = true
  for (let index = at; index < at + digits; index += 1) {
    const byte = bytes[index] as number
    if (!isLowerHex(byte)) return false
    if (byte !== ZERO) isZero = false
  }
  return !isZero
}

export const isLowerHex = (byte: number): boolean => (byte >= 0x30 && byte <= 0x39) || (byte >= 0x61 && byte <= 0x66)

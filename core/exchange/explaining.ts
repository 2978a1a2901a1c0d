/** What is written down of one exchange that somebody wants explained, beside what every record says. */
import type { Backend } from '../backend/backend.ts'
import { type PickExplanation, type PickListener, PickRecorder } from '../balance/pick-recorder.ts'

/** As records have it. */
export interface Explanation {
  /** By its own header; else chance has chosen it. */
  readonly isAsked: boolean
  /** The last pick, where it found nobody; undefined: it found somebody, or there was none. */
  readonly nobody: PickExplanation | undefined
}

export class Explaining implements Explanation, PickListener {
  readonly isAsked: boolean
  readonly medianOf: (backend: Backend) => number | null
  private latest: PickExplanation | undefined = undefined

  /** `medianOf`: of a backend's latest requests, ms; null: there are none. */
  constructor(isAsked: boolean, medianOf: (backend: Backend) => number | null) {
    this.isAsked = isAsked
    this.medianOf = medianOf
  }

  get nobody(): PickExplanation | undefined {
    return this.latest?.chosen === null ? this.latest : undefined
  }

  /** For one pick. */
  recorder(): PickRecorder {
    return new PickRecorder(this)
  }

  onPick(explanation: PickExplanation): void {
    this.latest = explanation
  }
}

/** A policy of a route at work: who lets in by it, and what must begin, end and follow files with it. */
import type { Admission } from '../admission/admission.ts'
import type { Move } from '../part.ts'

export interface AtWork {
  readonly admission: Admission
  /** Gets ready for what the config does not show; `key`: what the config calls the policy. Throws with Refusal. */
  prepare?(key: string): Move
  /** It is in force. */
  start?(): void
  /** It is no more; requests that began under it are still decided. */
  stop?(): void
}

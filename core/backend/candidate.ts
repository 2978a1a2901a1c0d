/**
 * A backend as strategies see it: the same object for as long as the backend lives, its figures live, and nothing that
 * could be written. What a plugin may do to it by mistake throws in the plugin.
 */
import type { Member } from './member.ts'

/** Satisfied by `Backend`, and `Candidate` by shape. */
export interface Seen {
  readonly id: string
  readonly weight: number
  readonly inflight: number
  readonly zone: string | undefined
  readonly place: Member['place']
}

export class CandidateView implements Seen {
  readonly #backend: Seen

  constructor(backend: Seen) {
    this.#backend = backend
    Object.freeze(this)
  }

  get id(): string {
    return this.#backend.id
  }

  get weight(): number {
    return this.#backend.weight
  }

  get inflight(): number {
    return this.#backend.inflight
  }

  get zone(): string | undefined {
    return this.#backend.zone
  }

  get place(): Member['place'] {
    return this.#backend.place
  }

  /** For a plugin that prints it. */
  toJSON(): Seen {
    const { id, weight, inflight, zone, place } = this
    return { id, weight, inflight, zone, place }
  }
}

// One prototype for all pools: nobody is to change it for everybody.
Object.freeze(CandidateView.prototype)

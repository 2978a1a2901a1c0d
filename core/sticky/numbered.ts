/**
 * A number for each backend, by its id, for memory that has room for no more: one that leaves and comes back has the same.
 * The number of one that has gone is another's once nothing can be left of what was remembered by it.
 */
import type { Backend } from '../backend/backend.ts'

interface Place {
  readonly id: string
  /** undefined: it has gone. */
  backend: Backend | undefined
  /** Monotonic ms. */
  goneAt: number
}

export class NumberedBackends {
  /** By number - 1. */
  private readonly places: Place[] = []
  private readonly numbers = new Map<string, number>()

  /** The pool's backends now, at monotonic `now`; what was remembered `ttlMs` ago is remembered no more. */
  update(backends: readonly Backend[], now: number, ttlMs: number): void {
    const present = new Map(backends.map((backend) => [backend.id, backend]))
    for (const place of this.places) {
      const backend = present.get(place.id)
      if (place.backend !== undefined && backend === undefined) place.goneAt = now
      place.backend = backend
    }
    const free = this.places.flatMap(({ backend, goneAt }, index) =>
      backend === undefined && now - goneAt > ttlMs ? [index] : [],
    )
    for (const [id, backend] of present) {
      if (this.numbers.has(id)) continue
      const index = free.pop() ?? this.places.length
      const former = this.places[index]
      if (former !== undefined) this.numbers.delete(former.id)
      this.places[index] = { id, backend, goneAt: 0 }
      this.numbers.set(id, index + 1)
    }
  }

  /** >= 1; 0: it is none of the pool's now. */
  numberOf(backend: Backend): number {
    const number = this.numbers.get(backend.id) ?? 0
    return this.backendOf(number) === backend ? number : 0
  }

  /** undefined: it has gone. */
  backendOf(number: number): Backend | undefined {
    return this.places[number - 1]?.backend
  }
}

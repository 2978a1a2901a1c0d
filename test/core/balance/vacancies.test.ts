import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { Backend } from '../../../core/backend/backend.ts'
import { Vacancies } from '../../../core/balance/vacancies.ts'
import { makeBackend } from '../../support/make-backend.ts'

function withRooms(rooms: readonly boolean[]) {
  const backends = rooms.map((hasRoom, index) => {
    const backend = makeBackend(index + 1)
    backend.room = { hasRoom }
    return backend
  })
  return { backends, vacancies: new Vacancies(backends) }
}

/** As anybody would write it. */
function expected(backends: readonly Backend[], most: number, after: number): readonly Backend[] {
  const turned = [...backends.slice(after + 1), ...backends.slice(0, after + 1)]
  return turned.filter((backend) => backend.hasRoom).slice(0, most)
}

describe('Vacancies', () => {
  test('are found as in a list, wherever the search begins and whatever has changed', () => {
    const size = fc.integer({ min: 1, max: 100 })
    const seeds = fc.array(fc.tuple(fc.nat(), fc.boolean()), { maxLength: 60 })
    fc.assert(
      fc.property(size, fc.boolean(), seeds, fc.nat(120), (count, isVacant, changes, most) => {
        const { backends, vacancies } = withRooms(Array.from({ length: count }, () => isVacant))
        for (const [at, hasRoom] of changes) {
          const backend = backends[at % count]!
          backend.room = { hasRoom }
          vacancies.update(backend)
          expect(vacancies.list(most, backend)).toEqual(expected(backends, most, at % count) as Backend[])
        }
        expect(vacancies.list(most, undefined)).toEqual(expected(backends, most, -1) as Backend[])
        expect(vacancies.size).toBe(backends.filter(({ hasRoom }) => hasRoom).length)
      }),
      { seed: 7 },
    )
  })

  test('know nothing of a backend that is not of the list', () => {
    const { backends, vacancies } = withRooms([true, false])
    vacancies.update(makeBackend(9))
    expect([vacancies.size, vacancies.list(9, makeBackend(9))]).toEqual([1, [backends[0]!]])
  })
})

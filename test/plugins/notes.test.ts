import { describe, expect, test } from 'bun:test'
import { type FakeCandidate, fakeAttempt, fakeCandidate, fakePool } from '../../core/lab/fakes.ts'
import { drawIndex, seededRandom } from '../../core/random.ts'
import { loadStrategy } from '../../core/strategy/load.ts'
import { shippedStrategies } from '../../core/strategy/shipped.ts'
import type { AttemptView, Candidates, Client, Strategy } from '../../core/strategy/strategy.ts'
import { type Noted, noting } from '../support/noted-pick.ts'
import { contextOf } from '../support/pick-context.ts'

const OPTIONS: Readonly<Record<string, object>> = {
  'consistent-hash': { floor: 1, loadFactor: 1.01 },
  'geo-affinity': { busyAt: 2 },
}
const PICKS = 3000

const create = async (name: string): Promise<Strategy> => {
  const plugin = await loadStrategy(name)
  return plugin.create(plugin.parse(OPTIONS[name]))
}

/** Of several weights, zones and places. */
const pool = (): [FakeCandidate, ...FakeCandidate[]] => {
  const at = (index: number): FakeCandidate =>
    fakeCandidate(`b${index}:80`, {
      weight: 1 + (index % 3),
      zone: `z${index % 2}`,
      place: { latitude: 10 * index, longitude: 5 },
    })
  return [at(0), at(1), at(2), at(3), at(4), at(5)]
}

const CLIENTS: readonly Client[] = [
  { address: '192.0.2.1', zone: undefined, place: undefined },
  { address: '192.0.2.2', zone: 'z1', place: undefined },
  { address: '192.0.2.3', zone: 'z0', place: { latitude: 21, longitude: 5 } },
]

interface Step {
  readonly picked: string
  readonly noted: Noted | undefined
  readonly shown: Candidates
}

/** Traffic that comes and goes, the same for the same seed, whether or not anybody wants to know. */
function traffic(strategy: Strategy, isNoted: boolean): Step[] {
  const random = seededRandom(7)
  const chance = seededRandom(8)
  const all = pool()
  const open: AttemptView[] = []
  return Array.from({ length: PICKS }, (_, now): Step => {
    // Now and then a retry brings a list of its own.
    const shown: Candidates = chance() < 0.05 ? [all[0], ...all.slice(4)] : all
    const noted = isNoted ? noting() : undefined
    const client = CLIENTS[drawIndex(chance, CLIENTS.length)] ?? CLIENTS[0]!
    const key = `k${drawIndex(chance, 40)}`
    const picked = strategy.pick(shown, contextOf({ random, now, client, key, notes: noted }))
    const candidate = all.find((one) => one === picked) ?? all[0]
    const attempt = fakeAttempt(candidate, { startedAt: now, inflightBefore: candidate.inflight })
    candidate.inflight += 1
    strategy.onStart?.(attempt)
    open.push(attempt)
    while (open.length > 0 && chance() < 0.48) {
      const [ended] = open.splice(drawIndex(chance, open.length), 1)
      const over = all.find((one) => one === ended?.candidate)
      if (ended === undefined || over === undefined) break
      over.inflight -= 1
      strategy.onResponse?.(ended, chance() < 0.02 ? 503 : 200, now)
      strategy.onEnd?.(ended, { kind: 'completed', status: 200, elapsedMs: now - ended.startedAt }, now)
    }
    return { picked: candidate.id, noted, shown }
  })
}

describe.each([...shippedStrategies])('what %s notes of a pick', (name) => {
  test('changes no pick', async () => {
    const silent = traffic(await create(name), false)
    const noted = traffic(await create(name), true)
    expect(noted.map(({ picked }) => picked)).toEqual(silent.map(({ picked }) => picked))
  })

  test('has the lowest score for the one that is taken, and says why', async () => {
    for (const { picked, noted } of traffic(await create(name), true)) {
      const scores = [...(noted?.scores ?? [])].map(([{ id }, score]) => ({ id, score }))
      const least = Math.min(...scores.map(({ score }) => score))
      expect(scores.find(({ id }) => id === picked)?.score).toBe(least)
      expect(noted?.why).toMatch(/^[a-z].*[a-z0-9]$/)
    }
  })

  test('names none but those that it was shown', async () => {
    for (const { noted, shown } of traffic(await create(name), true)) {
      const named = new Set([...(noted?.drawn ?? []), ...(noted?.scores.keys() ?? [])])
      expect([...named].filter((one) => !shown.includes(one))).toEqual([])
    }
  })
})

/** What is noted of the first pick of `strategy`, by the loads that `inflight` gives. */
async function notedBy(
  name: string,
  inflight: readonly number[],
  draws: readonly number[],
): Promise<Noted & { taken: string }> {
  const all = fakePool(inflight.map(() => 1))
  inflight.forEach((load, index) => ((all[index] ?? all[0]).inflight = load))
  const noted = noting()
  let at = 0
  const random = (): number => draws[at++ % draws.length] ?? 0
  const plugin = await loadStrategy(name)
  const strategy = plugin.create(plugin.parse(undefined))
  const taken = strategy.pick(all, contextOf({ random, key: 'k', notes: noted })).id
  return { ...noted, taken }
}

const idOf = (index: number): string => `10.0.0.${index}:80`
const scoresOf = ({ scores }: Noted) => Object.fromEntries([...scores].map(([{ id }, score]) => [id, score]))
const drawnOf = ({ drawn }: Noted) => drawn.map(({ id }) => id)

describe('a noted pick', () => {
  test('of p2c names both that were drawn, the second with one more in flight', async () => {
    const noted = await notedBy('p2c', [4, 9, 1], [0, 0.9])
    expect(drawnOf(noted)).toEqual([idOf(0), idOf(2)])
    expect(scoresOf(noted)).toEqual({ [idOf(0)]: 4, [idOf(2)]: 2 })
    expect(noted).toMatchObject({ taken: idOf(2), why: 'the less busy of two drawn by weight' })
  })

  test('of least-connections has the load of all', async () => {
    const noted = await notedBy('least-connections', [4, 9, 1], [0])
    expect(scoresOf(noted)).toEqual({ [idOf(0)]: 4, [idOf(1)]: 10, [idOf(2)]: 2 })
    expect(drawnOf(noted)).toEqual([idOf(0)])
    expect(noted.taken).toBe(idOf(2))
  })

  test('of consistent-hash passes over who is beyond its share, and names the next in the order', async () => {
    const idle = await notedBy('consistent-hash', [0, 0, 0], [0])
    const [first, second] = [...idle.scores].toSorted(([, one], [, other]) => one - other).map(([{ id }]) => id) as [
      string,
      string,
    ]
    expect(idle).toMatchObject({ taken: first, why: 'the first owner of its key' })
    const busy = [0, 1, 2].map((index) => (idOf(index) === first ? 99 : 0))
    const noted = await notedBy('consistent-hash', busy, [0])
    expect(noted).toMatchObject({ taken: second, why: 'the first owner of its key that is not beyond its share' })
    expect([...noted.passedOver].map(([{ id }, why]) => [id, why])).toEqual([[first, 'beyond its share: 99 in flight']])
  })
})

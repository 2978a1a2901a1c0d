/**
 * Nearest first: backends in the client's zone, then by great-circle distance between client and backend, moving on
 * from a site whose backends are busy. A site is every backend of one zone and place; within it, power of two choices
 * (Mitzenmacher 2001) by weight. Busy is a backend of average weight with `busyAt` attempts in flight, others in
 * proportion; so is, with `spillAt`, one that has more than `spillAt` times its share of all that is in flight, and more
 * than `floor`, so that a zone under more load than the pool gives away what is too much. When all sites near are busy, or
 * nothing is known of the client, the choice is among all.
 *
 * The order of sites is kept per client zone and whole degree (about 111 km), so that a pick does not grow with the
 * pool; backends without a place are reached by zone, or as the rest of the pool.
 */
import type { AttemptView, Candidate, Candidates, Client, PickNotes, Place } from '../core/strategy/strategy.ts'
import { defineStrategy, perArray, readOptions } from '../core/strategy/strategy.ts'
import type { WeightedDraw } from '../core/random.ts'
import { weightedDraw } from '../core/random.ts'

/** Sites tried before the whole pool, and orders of sites remembered: bounds for a pool of many places. */
const maxSites = 16
const maxOrders = 4096
/** As `spillAt`: never. */
const never = 1000

interface Site {
  readonly zone: string | undefined
  readonly place: Place | undefined
  readonly draw: WeightedDraw<Candidate>
}

export default defineStrategy({
  apiVersion: 2,
  name: 'geo-affinity',
  parse: (raw) =>
    readOptions(raw, {
      busyAt: { kind: 'number', min: 1, max: 1_000_000, default: 32 },
      spillAt: { kind: 'number', min: 1.01, max: never, default: never },
      floor: { kind: 'number', min: 1, max: 1_000_000, default: 8 },
    }),
  create({ busyAt, spillAt, floor }) {
    let atlas: Atlas | undefined
    let inflight = 0
    let members: ReadonlySet<Candidate> = new Set()
    const atlases = perArray((candidates) => {
      members = new Set(candidates)
      inflight = candidates.reduce((sum, candidate) => sum + candidate.inflight, 0)
      return (atlas = createAtlas(candidates))
    })

    /** How many attempts a backend of that weight may have and still take another, in a pool of that total. */
    function roomFor(weight: number, total: number, count: number): number {
      const busy = (busyAt * count * weight) / total
      if (spillAt === never) return Math.max(1, busy)
      return Math.max(1, Math.min(busy, Math.max(floor, Math.ceil((spillAt * (inflight + 1) * weight) / total))))
    }

    const countsInflight = {
      onStart({ candidate }: AttemptView) {
        if (members.has(candidate)) inflight += 1
      },
      onEnd({ candidate }: AttemptView) {
        if (members.has(candidate)) inflight = Math.max(0, inflight - 1)
      },
    }

    return {
      pick(candidates, context) {
        const current = atlases(candidates, context)
        const everywhere = current?.everywhere ?? weightedDraw(candidates)
        const total = everywhere.total()
        const { client, notes, random } = context
        const asked = notes && notingOrder(notes, candidates)
        for (const site of (current ?? atlas)?.sitesFor(client) ?? []) {
          const pair = lessBusyFirst(site.draw.pair(random))
          asked?.ask(pair, site)
          for (const candidate of pair) {
            const hasRoom = candidate.inflight < roomFor(candidate.weight, total, candidates.length)
            if (hasRoom && (current !== undefined || candidates.includes(candidate))) return candidate
            asked?.passOver(candidate)
          }
        }
        const pair = lessBusyFirst(everywhere.pair(random))
        asked?.ask(pair)
        return pair[0]
      },
      ...(spillAt === never ? {} : countsInflight),
    }
  },
})

/** The first drawn, which weight decides, stays in front unless the second would be no busier with one more. */
function lessBusyFirst(pair: readonly [Candidate, Candidate]): readonly [Candidate, Candidate] {
  const [first, second] = pair
  return (second.inflight + 1) / second.weight <= first.inflight / first.weight ? [second, first] : pair
}

/** Writes down who is asked: a score is the place in the order. Without a site, anybody anywhere. */
function notingOrder(notes: PickNotes, candidates: Candidates) {
  let sites = 0
  let place = 0
  return {
    ask(pair: readonly [Candidate, Candidate], site?: Site): void {
      sites += 1
      for (const candidate of new Set(pair)) {
        if (!candidates.includes(candidate)) continue
        notes.drew(candidate)
        notes.score(candidate, (place += 1))
      }
      notes.because(
        site === undefined
          ? `of two drawn by weight, as ${sites === 1 ? 'no site is known to be near' : 'all sites near are busy'}`
          : siteWords(site, sites),
      )
    },
    passOver(candidate: Candidate): void {
      if (candidates.includes(candidate)) notes.passOver(candidate, `busy: ${candidate.inflight} in flight`)
    },
  }
}

function siteWords({ zone }: Site, sites: number): string {
  if (sites > 1) return 'at the nearest site that is not busy'
  return zone === undefined ? 'at the nearest site' : `at the nearest site, in zone ${zone}`
}

type Atlas = ReturnType<typeof createAtlas>

function createAtlas(candidates: Candidates) {
  const sites = group(candidates, ({ zone, place }) => JSON.stringify([zone, place]))
  const zones = group(candidates, ({ zone }) => zone)
  const orders = new Map<string | undefined, Map<number, readonly Site[]>>()
  let remembered = 0

  /** In the zone first, each part by distance; a place unknown on either side leaves only the zone. */
  function order(zone: string | undefined, centre: Place): readonly Site[] {
    return [...sites.values()]
      .filter((site) => site.place !== undefined || (zone !== undefined && site.zone === zone))
      .map((site) => ({ site, local: site.zone === zone && zone !== undefined, near: nearness(centre, site.place) }))
      .sort((one, other) => Number(other.local) - Number(one.local) || other.near - one.near)
      .slice(0, maxSites)
      .map(({ site }) => site)
  }

  return {
    everywhere: weightedDraw(candidates),
    sitesFor(client: Client): readonly Site[] {
      const own = client.zone === undefined ? undefined : zones.get(client.zone)
      if (client.place === undefined) return own === undefined ? [] : [own]
      const latitude = Math.round(client.place.latitude)
      const longitude = Math.round(client.place.longitude)
      const byCell = orders.get(own?.zone) ?? new Map<number, readonly Site[]>()
      const cell = latitude * 1024 + longitude
      const known = byCell.get(cell)
      if (known !== undefined) return known
      if ((remembered += 1) > maxOrders) {
        orders.clear()
        byCell.clear()
        remembered = 1
      }
      const found = order(own?.zone, { latitude, longitude })
      orders.set(own?.zone, byCell.set(cell, found))
      return found
    },
  }
}

function group<Key>(candidates: Candidates, keyOf: (candidate: Candidate) => Key): ReadonlyMap<Key, Site> {
  const groups = new Map<Key, [Candidate, ...Candidate[]]>()
  for (const candidate of candidates) {
    const members = groups.get(keyOf(candidate))
    if (members === undefined) groups.set(keyOf(candidate), [candidate])
    else members.push(candidate)
  }
  const site = (members: Candidates): Site => ({
    zone: members[0].zone,
    place: members[0].place,
    draw: weightedDraw(members),
  })
  return new Map([...groups].map(([key, members]) => [key, site(members)]))
}

/** Cosine of the angle at the earth's centre: 1 is here, -1 the antipode; less than any when unknown. */
function nearness(one: Place, other: Place | undefined): number {
  if (other === undefined) return -2
  const [a, b, turn] = [one.latitude, other.latitude, one.longitude - other.longitude].map(
    (degrees) => (degrees * Math.PI) / 180,
  )
  return Math.sin(a ?? 0) * Math.sin(b ?? 0) + Math.cos(a ?? 0) * Math.cos(b ?? 0) * Math.cos(turn ?? 0)
}

/**
 * Consistent hashing with bounded loads (Karger et al. 1997; Mirrokni, Thorup, Zadimoghaddam 2016), weighted. The key,
 * or else the client's address, has its owners in an order of its own and goes to the first of them that has room: none
 * takes more than `loadFactor` times its share of what is in flight, or `floor` where that is more: in a pool that is
 * all but idle the share is less than one request, and a session's second would lose its home. When a backend leaves,
 * only its keys move. Orders depend on ids and weights alone, so processes and restarts map alike.
 *
 * Ring: owners in the order of their points on a ring, from where the key lands. Points stand for the weight rounded up to
 * a power of two and decline keys (by a hash of both) for the excess: small changes of weight build nothing. It is rebuilt
 * when a member is unknown, half have left, or a weight crosses a power of two.
 * Rendezvous (Thaler, Ravishankar 1998; Schindelhauer, Schomaker 2005): owners in the order of -ln(u) / weight, with u of
 * key and owner together in (0, 1). Nothing is built and shares are exact, at the price of a look at every owner.
 * Both stand in one file since all but the order is the same.
 */
import type { Candidate, Candidates, PickNotes } from '../core/strategy/strategy.ts'
import { defineStrategy, perArray, readOptions } from '../core/strategy/strategy.ts'
import { weightedDraw } from '../core/random.ts'

/** For average weight: shares then differ by about 1/sqrt(128) = 9 %. */
const pointsPerBackend = 128
/** A point is hash * slotRange + slot: 52 bits, exact in a double, sorted natively. */
const slotRange = 2 ** 20
/** Points looked at for one key; at loadFactor 1.25 a few tens are needed at worst. */
const longestWalk = 4096

export default defineStrategy({
  apiVersion: 2,
  name: 'consistent-hash',
  parse: (raw) =>
    readOptions(raw, {
      loadFactor: { kind: 'number', min: 1.01, max: 1000, default: 1.25 },
      // A browser has six connections to a host.
      floor: { kind: 'number', min: 1, max: 1_000_000, default: 8 },
      method: { kind: 'text', choices: ['ring', 'rendezvous'], default: 'ring' },
    }),
  create({ loadFactor, floor, method }) {
    const createOrder = method === 'ring' ? createRing : createRendezvous
    let order: Order | undefined
    let inflight = 0
    let members: ReadonlySet<Candidate> = new Set()

    const pools = perArray((candidates) => {
      members = new Set(candidates)
      inflight = candidates.reduce((sum, candidate) => sum + candidate.inflight, 0)
      if (order === undefined || !order.fits(candidates)) order = createOrder(candidates)
      return weightedDraw(candidates)
    })

    return {
      pick(candidates, context) {
        const pool = pools(candidates, context)
        // Of a copy: what is frozen is slow to read, and a ring is read for long.
        if (order === undefined || (pool !== undefined && order.isOutgrown())) order = createOrder([...candidates])
        // Of a list for one pick: who is not in it must not be looked at one by one where a few of thousands are.
        const own = pool === undefined && method === 'rendezvous' ? createRendezvous(candidates) : order
        const among = pool === undefined ? new Set(candidates) : members
        const hash = hashText(context.key ?? context.client.address)
        const roomPerWeight = (loadFactor * (inflight + 1)) / (pool ?? weightedDraw(candidates)).total()
        const hasRoom = (owner: Candidate): boolean =>
          owner.inflight < Math.max(floor, Math.ceil(roomPerWeight * owner.weight))
        const { notes } = context
        if (notes !== undefined) noteOwners(notes, own.ownersOf(hash), { among, hasRoom })
        let leastBusy: Candidate | undefined
        for (const owner of own.ownersOf(hash)) {
          if (!among.has(owner)) continue
          if (hasRoom(owner)) return owner
          if (leastBusy === undefined || load(owner) < load(leastBusy)) leastBusy = owner
        }
        if (leastBusy !== undefined) notes?.score(leastBusy, load(leastBusy))
        notes?.because('all owners of its key are beyond their share, and it is the least busy')
        return leastBusy ?? candidates[hash % candidates.length] ?? candidates[0]
      },
      onStart({ candidate }) {
        if (members.has(candidate)) inflight += 1
      },
      onEnd({ candidate }) {
        if (members.has(candidate)) inflight = Math.max(0, inflight - 1)
      },
    }
  },
})

const load = (candidate: Candidate): number => candidate.inflight / candidate.weight

interface Looked {
  readonly among: ReadonlySet<Candidate>
  readonly hasRoom: (owner: Candidate) => boolean
}

/** The owners as the pick is about to look at them, up to the one behind that which it takes; a score is the place in their order. */
function noteOwners(notes: PickNotes, owners: Iterable<Candidate>, { among, hasRoom }: Looked): void {
  const seen = new Set<Candidate>()
  let isFound = false
  notes.because('the first owner of its key')
  for (const owner of owners) {
    if (!among.has(owner) || seen.has(owner)) continue
    notes.score(owner, seen.add(owner).size)
    if (isFound) return
    isFound = hasRoom(owner)
    if (isFound) continue
    notes.passOver(owner, `beyond its share: ${owner.inflight} in flight`)
    notes.because('the first owner of its key that is not beyond its share')
  }
}

/** The owners of each key, in its order. */
interface Order {
  /** Whether it serves these, too. */
  fits(members: Candidates): boolean
  /** Looks at one weight a call, in rotation: whether that has become too much for it. */
  isOutgrown(): boolean
  /** Of the key with this hash; may repeat owners. */
  ownersOf(hash: number): Iterable<Candidate>
}

function createRendezvous(candidates: Candidates): Order {
  const owners = new Set<Candidate>(candidates)
  const seeds = Uint32Array.from(candidates, ({ id }) => hashText(id))
  const weights = Float64Array.from(candidates, ({ weight }) => weight)
  let heaviest = weights.reduce((most, weight) => Math.max(most, weight))
  let cursor = 0

  const distanceOf = (drawn: number, index: number): number => -Math.log(drawn) / (weights[index] ?? 1)
  const draw = (hash: number, index: number): number => (scatter(hash ^ (seeds[index] ?? 0)) + 0.5) / 2 ** 32

  /** The nearest that is farther than `last`; -1: none is. */
  function nextBehind(last: number, hash: number): number {
    let [least, next] = [Infinity, -1]
    // What is drawn below it would not be nearer if it were the heaviest, which saves nearly all logarithms.
    let bar = 0
    for (let index = 0; index < seeds.length; index += 1) {
      const drawn = draw(hash, index)
      if (drawn <= bar) continue
      const distance = distanceOf(drawn, index)
      if (distance >= least || distance <= last) continue
      least = distance
      next = index
      bar = Math.exp(-distance * heaviest)
    }
    return next
  }

  return {
    fits: (members) => members.length === owners.size && members.every((member) => owners.has(member)),
    isOutgrown() {
      cursor = (cursor + 1) % candidates.length
      const { weight } = candidates[cursor] ?? candidates[0]
      weights[cursor] = weight
      heaviest = Math.max(heaviest, weight)
      return false
    },
    *ownersOf(hash) {
      for (let next = nextBehind(0, hash); next >= 0; next = nextBehind(distanceOf(draw(hash, next), next), hash)) {
        yield candidates[next] ?? candidates[0]
      }
    },
  }
}

function createRing(candidates: Candidates): Order {
  const ceilings = candidates.map(({ weight }) => 2 ** Math.ceil(Math.log2(weight)))
  const unit = 2 ** Math.floor(Math.log2(ceilings.reduce((sum, ceiling) => sum + ceiling, 0) / candidates.length))
  const counts = ceilings.map((ceiling) => Math.max(1, Math.round((pointsPerBackend * ceiling) / unit)))
  const points = new Float64Array(counts.reduce((sum, count) => sum + count, 0))
  let filled = 0
  candidates.forEach(({ id }, slot) => {
    const seed = hashText(id)
    for (let left = counts[slot] ?? 0; left > 0; left -= 1, filled += 1) {
      points[filled] = scatter(seed + Math.imul(left, 0x9e3779b9)) * slotRange + slot
    }
  })
  points.sort()
  const owners = new Set<Candidate>(candidates)
  let cursor = 0

  return {
    fits: (members) => members.length * 2 > owners.size && members.every((member) => owners.has(member)),
    isOutgrown() {
      cursor = (cursor + 1) % candidates.length
      const { weight } = candidates[cursor] ?? candidates[0]
      const ceiling = ceilings[cursor] ?? 1
      return weight > ceiling || weight <= ceiling / 2
    },
    /** Owners of the points from `hash` on that do not decline it; with repeats. */
    *ownersOf(hash) {
      let [low, high] = [0, points.length]
      while (low < high) {
        const middle = (low + high) >> 1
        if ((points[middle] ?? 0) < hash * slotRange) low = middle + 1
        else high = middle
      }
      for (let step = 0; step < Math.min(points.length, longestWalk); step += 1) {
        const point = points[(low + step) % points.length] ?? 0
        const slot = point % slotRange
        const owner = candidates[slot] ?? candidates[0]
        const standsFor = ((counts[slot] ?? 1) * unit) / pointsPerBackend
        if ((scatter(hash ^ (point / slotRange)) / 2 ** 32) * standsFor < owner.weight) yield owner
      }
    },
  }
}

/** FNV-1a, scattered: 32 bits, not for secrets. */
function hashText(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  return scatter(hash)
}

/** The finaliser of MurmurHash3 (Appleby 2011): each bit of the input reaches each bit of the result. */
function scatter(bits: number): number {
  let hash = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

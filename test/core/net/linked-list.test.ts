import { describe, expect, test } from 'bun:test'
import { LinkedList, Place } from '../../../core/net/linked-list.ts'
import { drawIndex, seededRandom } from '../../../core/random.ts'

const inOrder = <Owner>(list: LinkedList<Owner>): Owner[] => {
  const owners: Owner[] = []
  for (let place = list.first; place !== undefined; place = place.next) owners.push(place.owner)
  return owners
}

const backwards = <Owner>(list: LinkedList<Owner>): Owner[] => {
  const owners: Owner[] = []
  for (let place = list.last; place !== undefined; place = place.previous) owners.push(place.owner)
  return owners
}

describe('a linked list', () => {
  test('keeps its members in the order in which they came', () => {
    const list = new LinkedList<string>()
    for (const owner of ['a', 'b', 'c']) list.append(new Place(owner))
    expect(inOrder(list)).toEqual(['a', 'b', 'c'])
    expect(list.size).toBe(3)
  })

  test('puts a member that comes again behind the others', () => {
    const list = new LinkedList<string>()
    const [a, b] = [new Place('a'), new Place('b')]
    list.append(a)
    list.append(b)
    list.append(a)
    expect(inOrder(list)).toEqual(['b', 'a'])
    expect(list.size).toBe(2)
  })

  test('loses a member that joins another list', () => {
    const [one, other] = [new LinkedList<string>(), new LinkedList<string>()]
    const place = new Place('a')
    one.append(place)
    other.append(place)
    expect([inOrder(one), inOrder(other), place.list === other]).toEqual([[], ['a'], true])
  })

  test('lets a member leave that is in none', () => {
    const place = new Place('a')
    place.leave()
    expect(place.list).toBeUndefined()
  })

  test('is a list both ways, whoever comes and leaves', () => {
    const random = seededRandom(7)
    const list = new LinkedList<number>()
    const places = Array.from({ length: 6 }, (_, owner) => new Place(owner))
    let expected: number[] = []
    for (let step = 0; step < 2000; step += 1) {
      const place = places[drawIndex(random, places.length)]!
      expected = expected.filter((owner) => owner !== place.owner)
      if (random() < 0.5) {
        list.append(place)
        expected.push(place.owner)
      } else {
        place.leave()
      }
      expect(inOrder(list)).toEqual(expected)
      expect(backwards(list)).toEqual(expected.toReversed())
      expect(list.size).toBe(expected.length)
    }
  })
})

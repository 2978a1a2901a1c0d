import { describe, expect, test } from 'bun:test'
import { DescriptorBudget, type Idle } from '../../../core/net/budget.ts'
import { type LinkedList, Place } from '../../../core/net/linked-list.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

/** A budget of a process in which `others()` are open beside what the budget has given out. */
function makeBudget(limit: number | undefined, others: () => number = () => 0) {
  const clock = virtualClock()
  let used = 0
  let looks = 0
  const log: string[] = []
  const free = (): number | undefined => {
    looks += 1
    return limit === undefined ? undefined : limit - others() - used
  }
  const budget = new DescriptorBudget({ limit, free, clock, onShortage: (detail) => log.push(detail) })
  const take = (): boolean => {
    const isTaken = budget.take()
    if (isTaken) used += 1
    return isTaken
  }
  const give = (): void => {
    used -= 1
    budget.give()
  }
  /** Takes all there are; returns how many. */
  const takeAll = (): number => {
    let count = 0
    while (take()) count += 1
    return count
  }
  /** One more that is taken, and idle. */
  function idle(list: LinkedList<Idle>, name: string): void {
    expect(take()).toBe(true)
    const discard = (): void => {
      log.push(name)
      give()
    }
    list.append(new Place({ discard }))
  }
  return { clock, budget, take, give, takeAll, idle, log, looks: () => looks }
}

describe('a budget of descriptors', () => {
  test('leaves an eighth of the limit, within bounds, and what others have open', () => {
    expect(makeBudget(512).takeAll()).toBe(512 - 64)
    expect(makeBudget(512, () => 100).takeAll()).toBe(512 - 64 - 100)
    expect(makeBudget(200).takeAll()).toBe(200 - 40)
    expect(makeBudget(20_000).takeAll()).toBe(20_000 - 128)
    expect(makeBudget(undefined).takeAll()).toBe(4096 - 128)
  })

  test('lets a little be served under the lowest of limits', () => {
    expect(makeBudget(16).takeAll()).toBe(32)
    expect(makeBudget(200, () => 199).takeAll()).toBe(32)
  })

  test('gives again what was given back', () => {
    const { take, give, takeAll } = makeBudget(512)
    takeAll()
    give()
    expect([take(), take()]).toEqual([true, false])
  })

  test('has those that are leaving give way, then the longest idle, to a backend and then to a client', () => {
    const { budget, take, takeAll, idle, log } = makeBudget(512)
    idle(budget.leaving, 'leaving')
    idle(budget.idleClients, 'client 1')
    idle(budget.idleBackends, 'backend 1')
    idle(budget.idleBackends, 'backend 2')
    idle(budget.idleClients, 'client 2')
    const before = takeAll()
    expect(log.slice(0, -1)).toEqual(['leaving', 'backend 1', 'backend 2', 'client 1', 'client 2'])
    expect(log.at(-1)).toBe('no descriptor is free: 448 are in use, and no connection is idle')
    expect(before).toBe(512 - 64)
    expect(take()).toBe(false)
  })

  test('says whether there is room, without anybody giving way', () => {
    const { budget, takeAll, idle, log } = makeBudget(512)
    expect(budget.hasRoom).toBe(true)
    takeAll()
    expect(budget.hasRoom).toBe(false)
    budget.give()
    idle(budget.idleBackends, 'backend')
    expect(budget.hasRoom).toBe(true)
    expect(log.filter((line) => line === 'backend')).toEqual([])
  })

  test('lets nobody give way while there is room', () => {
    const { budget, take, idle, log } = makeBudget(512)
    idle(budget.idleBackends, 'backend')
    for (let time = 0; time < 400; time += 1) take()
    expect(log).toEqual([])
  })

  test('closes an idle client that may go, though not the one that has been idle longest', () => {
    const { budget, log } = makeBudget(512)
    const idleOne = (name: string, mayGo: boolean) =>
      budget.idleClients.append(new Place<Idle>({ mayGo, discard: () => void log.push(name) }))
    for (const name of ['a', 'b']) idleOne(name, false)
    expect([budget.hasIdleClient, budget.dropIdleClient()]).toEqual([false, false])
    idleOne('c', true)
    expect([budget.hasIdleClient, budget.dropIdleClient(), budget.hasIdleClient]).toEqual([true, true, false])
    expect(log).toEqual(['c'])
    expect(budget.idleClients.size).toBe(2)
  })

  test('closes an idle client on demand, and none but idle ones', () => {
    const { budget, idle, log } = makeBudget(512)
    expect(budget.dropIdleClient()).toBe(false)
    idle(budget.idleBackends, 'backend')
    expect(budget.dropIdleClient()).toBe(false)
    idle(budget.idleClients, 'client')
    expect(budget.dropIdleClient()).toBe(true)
    expect(log).toEqual(['client'])
  })

  test('looks again, while it runs low, at what others have open', () => {
    let others = 0
    const { clock, takeAll, looks } = makeBudget(512, () => others)
    for (let time = 0; time < 200; time += 1) expect(looks()).toBe(1)
    others = 100
    expect(takeAll()).toBe(512 - 64 - 100)
    expect(looks()).toBe(2)
    others = 50
    expect(takeAll()).toBe(0)
    clock.advance(1000)
    expect(takeAll()).toBe(50)
    expect(looks()).toBe(3)
  })

  test('allows as many clients as can each have a backend', () => {
    expect(makeBudget(512, () => 28).budget.clientsWithBackends).toBe(210)
    expect(makeBudget(16).budget.clientsWithBackends).toBe(16)
  })
})

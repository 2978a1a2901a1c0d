import { describe, expect, test } from 'bun:test'
import type { SocketAddress } from '../../../core/address.ts'
import { Addresses, type Holder } from '../../../core/runtime/addresses.ts'
import { testConfig } from '../../support/edge.ts'

const at = (port: number, host = '127.0.0.1'): SocketAddress => ({ kind: 'tcp', host, port })

/** Holders that write down what is done with them. */
function opening() {
  const log: string[] = []
  const faults: unknown[] = []
  const turns: (() => void)[] = []
  const soon = (task: () => void) => void turns.push(task)
  const addresses = new Addresses({ soon }, (fault) => void faults.push(fault))
  function holder(name: string, address: SocketAddress, facts: Partial<Holder> = {}): Holder {
    let isShut = false
    return {
      title: `listener "${name}"`,
      get addresses() {
        return isShut ? [] : [address]
      },
      isWantedBy: () => false,
      countQueued: () => 0,
      keepOut: () => undefined,
      onAccepted: undefined,
      shut: () => void (log.push(`shut ${name}`), (isShut = true)),
      reopen: () => void (log.push(`reopen ${name}`), (isShut = false)),
      ...facts,
    }
  }
  const take = (name: string, address: SocketAddress, facts?: Partial<Holder>) =>
    addresses.take(address, testConfig(), () => {
      log.push(`open ${name}`)
      return holder(name, address, facts)
    })
  const fail = (address: SocketAddress) => {
    const open = (): Holder => {
      throw new Error('in use')
    }
    return addresses.take(address, testConfig(), open).catch(String)
  }
  return { addresses, log, faults, turns, take, fail }
}

describe('an address', () => {
  test('that nobody of ours holds is just opened', async () => {
    const { log, take } = opening()
    await take('a', at(1))
    await take('b', at(2))
    expect(log).toEqual(['open a', 'open b'])
  })

  test.each([
    ['the same', at(1), at(1)],
    ['all of them', at(1), at(1, '0.0.0.0')],
    ['one of all', at(1, '0.0.0.0'), at(1)],
    ['the same path', { kind: 'unix', path: '/a' }, { kind: 'unix', path: '/a' }],
  ] as const)('is given up first by one of ours that leaves: %s', async (_, held, wanted) => {
    const { log, take } = opening()
    await take('old', held)
    await take('new', wanted)
    expect(log).toEqual(['open old', 'shut old', 'open new'])
  })

  test('is given up when nobody stands in its queue any more', async () => {
    const { log, turns, take } = opening()
    let queued = 1
    await take('old', at(1), { countQueued: () => queued })
    const taken = take('new', at(1))
    turns.shift()?.()
    queued = 0
    turns.shift()?.()
    await taken
    expect(log).toEqual(['open old', 'shut old', 'open new'])
  })

  test.each([
    ['at once', (addresses: Addresses) => addresses.end()],
    ['quietly', (addresses: Addresses) => addresses.endQuietly(() => undefined)],
  ])('is not opened any more when everything ends %s while the former holder lets its queue in', async (_, end) => {
    const { addresses, log, turns, take } = opening()
    let queued = 1
    await take('old', at(1), { countQueued: () => queued })
    const taken = take('new', at(1)).catch(String)
    end(addresses)
    queued = 0
    while (turns.length > 0) turns.shift()?.()
    expect(await taken).toBe('StartError: the process is ending')
    expect(log.filter((line) => line.endsWith('new'))).toEqual([])
    expect(log).toContain('shut old')
  })

  test('is refused when one of ours holds it and stays', async () => {
    const { log, take } = opening()
    await take('old', at(1), { isWantedBy: () => true })
    expect(await take('new', at(1, '::')).catch(String)).toBe('StartError: [::]:1 is taken by our own listener "old"')
    expect(log).toEqual(['open old'])
  })

  test('goes back when it cannot be opened', async () => {
    const { log, take, fail } = opening()
    await take('old', at(1))
    expect(await fail(at(1, '0.0.0.0'))).toBe('Error: in use')
    expect(log).toEqual(['open old', 'shut old', 'reopen old'])
  })

  test('goes back when the move is abandoned', async () => {
    const { log, take } = opening()
    await take('old', at(1))
    const taken = await take('new', at(1, '0.0.0.0'))
    taken.abandon()
    expect(log.slice(2)).toEqual(['open new', 'shut new', 'reopen old'])
  })

  test('that cannot be had back is told of as a fault', async () => {
    const { faults, take, fail } = opening()
    const reopen = () => {
      throw new Error('somebody was quicker')
    }
    await take('old', at(1), { reopen })
    expect(await fail(at(1))).toBe('Error: in use')
    expect(faults.map(String)).toEqual(['Error: somebody was quicker'])
  })

  test('does not go back to one that was released meanwhile', async () => {
    const { addresses, log, take } = opening()
    const old = await take('old', at(1))
    const taken = await take('new', at(1))
    addresses.release(old.holder)
    taken.abandon()
    expect(log).not.toContain('reopen old')
  })
})

describe('the end', () => {
  test('shuts everything, and nothing opens again', async () => {
    const { addresses, log, take } = opening()
    await take('old', at(1))
    const taken = await take('new', at(1))
    addresses.end()
    expect(log.slice(-2)).toEqual(['shut old', 'shut new'])
    taken.abandon()
    expect(log).not.toContain('reopen old')
  })
})

describe('a queue', () => {
  test('becomes empty before its address is given up', async () => {
    const { addresses, log, turns, take } = opening()
    let queued = 2
    const busy = await take('busy', at(1), { countQueued: () => queued })
    addresses.releaseQuietly(busy.holder)
    turns.shift()?.()
    expect(log).toEqual(['open busy'])
    queued = 0
    turns.shift()?.()
    expect([log.at(-1), turns.length]).toEqual(['shut busy', 0])
  })

  test('that is empty behind one that came in is given up then', async () => {
    const { addresses, log, turns, take } = opening()
    let queued = 2
    const { holder } = await take('busy', at(1), { countQueued: () => queued })
    addresses.releaseQuietly(holder)
    for (queued of [1, 0]) holder.onAccepted?.()
    expect([log.at(-1), holder.onAccepted]).toEqual(['shut busy', undefined])
    turns.shift()?.()
    expect([log, turns]).toEqual([['open busy', 'shut busy'], []])
  })

  test('is closed before its address is given up, and who has slipped in comes in', async () => {
    const { addresses, log, turns, take } = opening()
    let queued = 0
    const { holder } = await take('busy', at(1), {
      countQueued: () => queued,
      keepOut() {
        log.push('keep out')
        queued = 1
      },
    })
    addresses.releaseQuietly(holder)
    turns.shift()?.()
    expect(log).toEqual(['open busy', 'keep out'])
    queued = 0
    holder.onAccepted?.()
    expect(log).toEqual(['open busy', 'keep out', 'shut busy'])
  })

  test('that never becomes empty is given up all the same', async () => {
    const { addresses, log, turns, take } = opening()
    const busy = await take('busy', at(1), { countQueued: () => 1 })
    addresses.releaseQuietly(busy.holder)
    let count = 0
    for (let turn = turns.shift(); turn !== undefined; turn = turns.shift()) {
      turn()
      count += 1
    }
    expect([log.at(-1), count]).toEqual(['shut busy', 200])
  })

  test('of each address is waited for at the end, and opens nothing again meanwhile', async () => {
    const { addresses, log, turns, take } = opening()
    let queued = 0
    await take('quiet', at(1))
    const busy = await take('busy', at(2), { countQueued: () => queued })
    const next = await take('next', at(2))
    queued = 1
    let isDone = false
    addresses.endQuietly(() => (isDone = true))
    expect([log.slice(-2), isDone]).toEqual([['shut quiet', 'shut next'], false])
    next.abandon()
    expect(await take('late', at(3)).catch(String)).toBe('StartError: the process is ending')
    queued = 0
    turns.shift()?.()
    expect([log.at(-1), isDone, busy.holder.title]).toEqual(['shut busy', true, 'listener "busy"'])
  })

  test('of nobody ends at once', () => {
    let isDone = false
    opening().addresses.endQuietly(() => (isDone = true))
    expect(isDone).toBe(true)
  })
})

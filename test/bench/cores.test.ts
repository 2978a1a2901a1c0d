import { describe, expect, test } from 'bun:test'
import { pinned, planCores } from '../../bench/cores.ts'
import { describePinning } from '../../bench/machine.ts'

describe('planCores', () => {
  test.each([1, 2, 3, 4, 5, 64])('never lets others onto the contestant’s core, with %p cores', (count) => {
    const cores = planCores(count, true)
    const others = [...(cores.backends ?? []), ...(cores.load ?? [])]
    if (cores.contestant !== undefined) expect(others).not.toContain(cores.contestant)
    for (const core of others) expect(core).toBeLessThan(count)
  })

  test('shares the second of two cores', () => {
    expect(planCores(2, true)).toEqual({ contestant: 0, backends: [1], load: [1], loadProcesses: 1 })
  })

  test('takes one load process for each core left, up to four', () => {
    expect(planCores(4, true).loadProcesses).toBe(2)
    expect(planCores(64, true).loadProcesses).toBe(4)
  })

  test('pins nothing on one core or without taskset, and says so', () => {
    for (const cores of [planCores(1, true), planCores(8, false)]) {
      expect(cores.contestant).toBeUndefined()
      expect(describePinning(cores)).toContain('nothing pinned')
    }
  })
})

describe('pinned', () => {
  test('puts taskset in front when there are cores to name', () => {
    expect(pinned(['x', 'y'], [1, 2])).toEqual(['taskset', '-c', '1,2', 'x', 'y'])
    expect(pinned(['x', 'y'], undefined)).toEqual(['x', 'y'])
  })
})

import { describe, expect, test } from 'bun:test'
import {
  parseCoreBusyUs,
  parseKilobytes,
  parseStat,
  processTree,
  treeCpuUs,
  treeMemoryBytes,
} from '../../bench/proc.ts'

const stat = (name: string) => `42 (${name}) S 1 42 42 0 -1 4194560 100 0 0 0 700 200 31 69 20 0 3 0 99 1000 50`

describe('parseStat', () => {
  test.each(['nginx', 'a b', 'x) S 1 (y', ''])(
    'tells those of children waited for apart, behind the name %p',
    (name) => {
      expect(parseStat(stat(name))).toEqual({ ownUs: 9_000_000, deadUs: 1_000_000 })
    },
  )

  test.each([
    '',
    'x',
    '42 (nginx) S 1',
    '42 (nginx',
    stat('nginx').replace('700', 'many'),
    stat('nginx').replace(' 69 ', ' few '),
  ])('refuses %p', (text) => {
    expect(parseStat(text)).toBeUndefined()
  })
})

describe('parseKilobytes', () => {
  test('finds the line of exactly that key', () => {
    expect(parseKilobytes('Pss_Dirty:  9 kB\nPss:            1536 kB\n', 'Pss')).toBe(1536 * 1024)
  })

  test.each(['', 'Pss', 'Pss: none', 'VmRSS: 4 kB'])('takes %p as nothing', (text) => {
    expect(parseKilobytes(text, 'Pss')).toBe(0)
  })
})

describe('parseCoreBusyUs', () => {
  const text = 'cpu  9 9 9 9 9 9 9 9 0 0\ncpu1 1 2 4 8 16 32 64 128 256 512\ncpu10 1000 0 0 0 0 0 0 0 0 0\n'

  test('adds all but idle, waiting and guests', () => {
    expect(parseCoreBusyUs(text, 1)).toBe((1 + 2 + 4 + 32 + 64 + 128) * 10_000)
  })

  test('takes a core that is not there as never busy', () => {
    expect(parseCoreBusyUs(text, 7)).toBe(0)
    expect(parseCoreBusyUs('', 0)).toBe(0)
  })
})

describe('a process tree', () => {
  test('begins with the process and holds its children', async () => {
    const child = Bun.spawn(['sh', '-c', 'read line; true'], { stdin: 'pipe' })
    expect(processTree(process.pid)).toContain(child.pid)
    expect(processTree(process.pid)[0]).toBe(process.pid)
    await child.stdin.end()
    await child.exited
  })

  test('has memory and time while it lives, and neither afterwards', async () => {
    expect(treeMemoryBytes(process.pid)).toBeGreaterThan(1e6)
    // To less than a tick of 10 ms, however short the time.
    const used = treeCpuUs(process.pid)
    expect(used % 10_000).not.toBe(0)
    expect(treeCpuUs(process.pid)).toBeGreaterThan(used)
    const child = Bun.spawn(['true'])
    await child.exited
    expect(treeCpuUs(child.pid)).toBe(0)
    expect(treeMemoryBytes(child.pid)).toBe(0)
  })
})

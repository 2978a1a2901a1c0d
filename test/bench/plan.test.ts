import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { estimateSeconds, planSecondsPerRound } from '../../bench/budget.ts'
import { planBenchmark } from '../../bench/plan.ts'
import { selectPeers } from '../../bench/peers/roster.ts'
import { catalogue, selectScenarios, sets } from '../../bench/scenarios/catalogue.ts'
import { isLoopback, parseTarget } from '../../bench/scenarios/target.ts'

describe('planBenchmark', () => {
  test.each(['http://10.0.0.1/', 'http://example.com:8080/', 'http://localhost.example.com/', 'http://0.0.0.0/'])(
    'refuses load on %p, which is not this machine',
    (target) => {
      expect(() => planBenchmark([], { target }, '/')).toThrow('add --i-own-this-target')
      expect(planBenchmark([], { target, iOwnThisTarget: true }, '/').peers).toEqual([])
    },
  )

  test('puts a target on this machine under load without asking', () => {
    const plan = planBenchmark([], { target: 'http://127.0.0.1:8080/x', rate: 10 }, '/')
    expect(plan.scenarios.map((scenario) => scenario.name)).toEqual(['target'])
    const unpaced = planBenchmark([], { target: 'http://127.0.0.1:8080/x' }, '/')
    expect([plan, unpaced].map(({ scenarios }) => scenarios[0]?.effort.runs)).toEqual([1, 2])
  })

  test.each([
    [{ rounds: 0 }, '--rounds must be 1..100, got 0'],
    [{ rounds: Number.NaN }, '--rounds must be 1..100, got NaN'],
    [{ connections: 1e9 }, '--connections must be 1..5000, got 1000000000'],
    [{ seconds: -1 }, '--seconds must be 0.1..600, got -1'],
    [{ against: 'nginx,apache' }, "no contestant 'apache'"],
    [{ target: 'http://127.0.0.1', rate: 0 }, '--rate must be 1..1000000, got 0'],
    [{ target: 'ftp://127.0.0.1' }, '--target must be http://host'],
    [{ rounds: 1.5 }, '--rounds must be a whole number, got 1.5'],
    [{ rate: 10 }, '--rate goes with --target'],
    [{ iOwnThisTarget: true }, '--i-own-this-target goes with --target'],
    [{ target: 'http://127.0.0.1', against: 'nginx' }, '--target is measured alone'],
    [{ plugin: ['nowhere.ts'] }, "--plugin must be strategy files, got 'nowhere.ts', which is none"],
    [{ plugin: ['/'] }, "--plugin must be strategy files, got '/'"],
  ])('refuses %p', (wishes, message) => {
    expect(() => planBenchmark([], wishes, '/')).toThrow(message)
  })

  test.each([[['strategies']], [[]]])('compares every strategy, the user’s own as it was typed, for %p', (names) => {
    const shipped = join(import.meta.dirname, '..', '..', 'plugins')
    const { peers, scenarios } = planBenchmark(names, { plugin: ['p2c.ts'], against: '' }, shipped)
    expect(scenarios.map((scenario) => scenario.name)).toEqual(['slow-one', 'flapping', 'weights'])
    expect(peers.map((peer) => peer.name)).toContain('smartedge:peak-ewma')
    expect(peers.at(-1)?.name).toBe('smartedge:p2c.ts')
  })

  test('refuses scenarios for a target of one’s own', () => {
    expect(() => planBenchmark(['steady'], { target: 'http://127.0.0.1' }, '/')).toThrow('--target is measured alone')
  })

  test('tells the command that repeats it, whatever it writes and wherever', () => {
    const wishes = { against: 'pipe', quick: true, rounds: 1, iOwnThisTarget: false, html: '/tmp/x.html', json: true }
    expect(planBenchmark(['steady'], wishes, '/').command).toBe(
      'smartedge bench steady --against pipe --quick --rounds 1',
    )
  })
})

describe('the time budget', () => {
  const scenarios = selectScenarios(['default'])

  test.each([1, 3, 5, 6])('is kept with %p contestants', (peers) => {
    const seconds = planSecondsPerRound(scenarios, peers, 3, 280)
    if (seconds > 0.5) expect(estimateSeconds(scenarios, peers, 3, seconds)).toBeLessThanOrEqual(280)
    expect(seconds).toBeGreaterThanOrEqual(0.5)
    expect(seconds).toBeLessThanOrEqual(5)
  })

  test('counts a scenario for those who can take part', () => {
    const [scenario] = selectScenarios(['reload'])
    if (scenario === undefined) throw new Error('no scenario')
    expect(estimateSeconds([scenario], 6, 3, 1)).toBe(estimateSeconds([scenario], 2, 3, 1))
    expect(estimateSeconds([scenario], 1, 3, 1)).toBeLessThan(estimateSeconds([scenario], 2, 3, 1))
  })

  test('counts load of a set length whatever that of the others, for each contestant and round', () => {
    const [scenario] = selectScenarios(['stopped'])
    if (scenario === undefined) throw new Error('no scenario')
    const without = { ...scenario, effort: { ...scenario.effort, fixedSeconds: 0 } }
    expect(estimateSeconds([scenario], 2, 3, 1) - estimateSeconds([without], 2, 3, 1)).toBe(30)
    expect(planSecondsPerRound([without], 2, 3, 40)).toBeGreaterThan(planSecondsPerRound([scenario], 2, 3, 40))
  })

  test('fits the default set with five contestants into five minutes, the quick one into one', () => {
    expect(estimateSeconds(scenarios, 5, 3, planSecondsPerRound(scenarios, 5, 3, 280))).toBeLessThanOrEqual(290)
    const quick = selectScenarios(['quick'])
    expect(estimateSeconds(quick, 5, 2, planSecondsPerRound(quick, 5, 2, 52))).toBeLessThanOrEqual(60)
  })
})

describe('selectScenarios', () => {
  test('takes names and sets, each scenario once', () => {
    const names = selectScenarios(['slow-one', 'strategies', 'steady']).map((scenario) => scenario.name)
    expect(names).toEqual(['steady', 'slow-one', 'flapping', 'weights'])
  })

  test('has a scenario for each name in each set', () => {
    for (const name of Object.keys(sets)) expect(selectScenarios([name]).length).toBeGreaterThan(0)
    expect(new Set(catalogue.map((scenario) => scenario.name)).size).toBe(catalogue.length)
  })

  test('names what there is when asked for what there is not', () => {
    expect(() => selectScenarios(['steady', 'nonsense', ''])).toThrow("no scenario 'nonsense', ''; there are default")
  })
})

describe('selectPeers', () => {
  test('tells found from missing, in the order of the tables', () => {
    const absent = {
      name: 'absent',
      install: 'nowhere',
      version: () => undefined,
      launch: () => ({ command: [], files: {} }),
    }
    const { found, missing } = selectPeers(['absent', 'pipe', 'smartedge'], [absent])
    expect(found.map((peer) => peer.name)).toEqual(['smartedge', 'pipe'])
    expect(missing).toEqual([absent])
  })
})

describe('a target', () => {
  test.each([
    ['http://localhost', { host: 'localhost', port: 80, path: '/' }],
    ['http://[::1]:81/a/b', { host: '::1', port: 81, path: '/a/b' }],
  ])('is read from %p', (text, expected) => {
    expect(parseTarget(text)).toEqual(expected)
  })

  test.each(['', 'localhost:80', 'https://localhost', 'http://u:p@localhost', 'http://localhost/?q', 'http://'])(
    'is not read from %p',
    (text) => {
      expect(() => parseTarget(text)).toThrow('--target must be http://host[:port][/path]')
    },
  )

  test('is on loopback only when its address says so', () => {
    expect(['localhost', '127.0.0.1', '127.8.9.10', '::1'].every(isLoopback)).toBe(true)
    expect(['', '0.0.0.0', '127.0.0.1.example.com', '128.0.0.1', '::', 'localhost.'].some(isLoopback)).toBe(false)
  })
})

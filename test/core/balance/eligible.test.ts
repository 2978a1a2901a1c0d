import fc from 'fast-check'
import { describe, expect, test } from 'bun:test'
import type { Backend } from '../../../core/backend/backend.ts'
import { NO_RULE } from '../../../core/backend/standing.ts'
import { type Restraint, settle } from '../../../core/balance/eligible.ts'
import { makeBackend } from '../../support/make-backend.ts'

type Make = (port: number, tier?: number) => Backend

const out =
  (facts: (backend: Backend, port: number) => void): Make =>
  (port, tier = 0) => {
    const backend = makeBackend(port, { tier })
    facts(backend, port)
    backend.reckon(NO_RULE, 0)
    return backend
  }
const well: Make = (port, tier = 0) => makeBackend(port, { tier })
const drained = out(({ facts }) => (facts.operator = { kind: 'draining', since: 0, weight: 1 }))
const failing = out(({ facts }) => (facts.checks = { kind: 'failing', since: 0, cause: '503' }))
const refusing = out(({ facts }) => (facts.traffic = { kind: 'failing', since: 0, cause: 'refused', until: 9 }))
/** Out since the instant of its port's number. */
const ejected = out(({ facts }, since) => {
  facts.ejection = { kind: 'ejected', since, until: 99, times: 1, cause: 'bad', isStatistical: true }
})
const open = out(({ facts }, since) => {
  facts.breaker = { kind: 'open', since, until: 99, trips: 1, cause: 'bad' }
})
const trying = out(({ facts }, since) => {
  facts.breaker = { kind: 'half-open', since, trips: 1, cause: 'bad', atOnce: 3, underWay: 0, passed: 0 }
})
const openAndRefusing = out(({ facts }, since) => {
  facts.breaker = { kind: 'open', since, until: 99, trips: 1, cause: 'bad' }
  facts.traffic = { kind: 'failing', since, cause: 'refused', until: 9 }
})
const failingAndRefusing = out(({ facts }) => {
  facts.checks = { kind: 'failing', since: 0, cause: '503' }
  facts.traffic = { kind: 'failing', since: 0, cause: 'refused', until: undefined }
})

const half: Restraint = { maxEjected: 0.5, panicThreshold: 0 }
const anybody: Restraint = { maxEjected: 1, panicThreshold: 0 }

/** What becomes of each, in order, and why. */
function become(makes: readonly Make[], restraint: Restraint = half) {
  const { placed, eligible, degraded } = settle(
    makes.map((make, index) => make(index + 1)),
    restraint,
  )
  const taking = placed.flatMap(({ backend, use }) => (use === 'out' || use === 'spare' ? [] : [backend]))
  expect(eligible ?? []).toEqual(taking as never)
  return [placed.map(({ use }) => use), degraded?.cause] as const
}

describe('settle', () => {
  test('leaves out whom people, checks and failing connects hold out, however many', () => {
    expect(become([drained, well, failing, refusing])).toEqual([['out', 'used', 'out', 'out'], undefined])
  })

  test('leaves out the ejected and the open up to maxEjected, the oldest first', () => {
    expect(become([well, open, well, ejected])).toEqual([['used', 'out', 'used', 'out'], undefined])
    expect(become([ejected, open, well, open])).toEqual([['out', 'out', 'used', 'overruled'], 'restraint'])
  })

  test.each([
    [
      [drained, open],
      ['out', 'overruled'],
    ],
    [
      [failing, open, well, well],
      ['out', 'out', 'used', 'used'],
    ],
    [
      [failing, open, ejected, well],
      ['out', 'out', 'overruled', 'used'],
    ],
    [
      [refusing, refusing, ejected, well],
      ['out', 'out', 'overruled', 'used'],
    ],
  ] as const)('counts whoever else is out: %#', (makes, uses) => {
    expect(become(makes)[0]).toEqual(uses as never)
  })

  test('counts shares as people do', () => {
    const many = [...Array.from({ length: 40 }, () => open), ...Array.from({ length: 60 }, () => well)]
    const [uses] = become(many, { maxEjected: 0.29, panicThreshold: 0 })
    expect(uses.filter((use) => use === 'out')).toHaveLength(29)
  })

  test('never cuts off the only member, unless it is allowed to', () => {
    expect(become([open])).toEqual([['overruled'], 'restraint'])
    expect(become([trying])).toEqual([['overruled'], 'restraint'])
    expect(become([open], anybody)).toEqual([['out'], undefined])
    expect(become([trying], anybody)).toEqual([['trial'], undefined])
  })

  test('has whoever is half-open tried, as one that is out', () => {
    expect(become([trying, well])).toEqual([['trial', 'used'], undefined])
    expect(become([trying, trying, well])).toEqual([['trial', 'overruled', 'used'], 'restraint'])
  })

  test('tries those that connects alone hold out when nobody else is left', () => {
    expect(become([drained, refusing, failing, failingAndRefusing, refusing])).toEqual([
      ['out', 'overruled', 'out', 'out', 'overruled'],
      'nobody-left',
    ])
    expect(become([refusing, trying], anybody)).toEqual([['out', 'trial'], undefined])
  })

  test('tries the last though its breaker is open as well, unless that may hold out all', () => {
    expect(become([openAndRefusing])).toEqual([['overruled'], 'nobody-left'])
    expect(become([openAndRefusing, openAndRefusing])).toEqual([['out', 'overruled'], 'nobody-left'])
    expect(become([openAndRefusing, failing])).toEqual([['overruled', 'out'], 'nobody-left'])
    expect(become([openAndRefusing], anybody)).toEqual([['out'], undefined])
  })

  test('lets whoever is out anyhow stay so before others', () => {
    expect(become([open, openAndRefusing, well])).toEqual([['overruled', 'out', 'used'], 'restraint'])
  })

  test('has nobody when people and checks hold out all', () => {
    expect(become([drained, failing, failingAndRefusing])).toEqual([['out', 'out', 'out'], undefined])
    expect(become([])).toEqual([[], undefined])
  })

  test('uses all but the drained once fewer than panicThreshold are usable', () => {
    const panic = { maxEjected: 0.5, panicThreshold: 0.5 }
    expect(become([well, well, failing, failing], panic)).toEqual([['used', 'used', 'out', 'out'], undefined])
    expect(become([well, failing, refusing, drained], panic)).toEqual([
      ['used', 'overruled', 'overruled', 'out'],
      'panic',
    ])
    expect(become([drained, drained, failing, well], panic)).toEqual([['out', 'out', 'out', 'used'], undefined])
  })

  test('holds no more than maxEjected out by what traffic shows, whoever it is', () => {
    const member = fc.constantFrom(well, ejected, open, trying, drained, failing, refusing)
    fc.assert(
      fc.property(fc.array(member, { maxLength: 12 }), fc.double({ min: 0, max: 1, noNaN: true }), (makes, share) => {
        const backends = makes.map((make, index) => make(index + 1))
        const { placed, eligible } = settle(backends, { maxEjected: share, panicThreshold: 0 })
        const soft = ['ejection', 'breaker'] as const
        const heldSoftly = placed.filter(
          ({ backend, use }) =>
            (use === 'out' || use === 'trial') && backend.standing.holds.every(({ by }) => soft.includes(by as never)),
        )
        const room = Math.floor(backends.length * share + 1e-9)
        expect(heldSoftly.length).toBeLessThanOrEqual(room)
        const others = backends.filter(({ standing }) => standing.holds.some(({ by }) => !soft.includes(by as never)))
        expect(heldSoftly.length + Math.min(others.length, room)).toBeLessThanOrEqual(Math.max(room, others.length))
        // Below 100 % somebody is always left whom nobody but these holds out.
        if (share < 1 && backends.length > others.length && backends.length * (1 - share) >= 1)
          expect(eligible).toBeDefined()
      }),
    )
  })
})

describe('tiers', () => {
  const tiered = (makes: readonly (readonly [Make, number])[], restraint: Restraint = half) =>
    settle(
      makes.map(([make, tier], index) => make(index + 1, tier)),
      restraint,
    )
  const uses = (makes: readonly (readonly [Make, number])[]) => tiered(makes).placed.map(({ use }) => use)
  /** The part of the weights that each has. */
  function shares(makes: readonly (readonly [Make, number])[]): number[] {
    const { placed } = tiered(makes)
    const weights = placed.map(({ use, scale }) => (use === 'out' || use === 'spare' ? 0 : scale))
    const sum = weights.reduce((total, weight) => total + weight, 0)
    return weights.map((weight) => Number((weight / sum).toFixed(3)))
  }

  test('after the first are spare while it can bear all', () => {
    expect(
      uses([
        [well, 0],
        [well, 0],
        [well, 1],
      ]),
    ).toEqual(['used', 'used', 'spare'])
    expect(
      uses([
        [well, 0],
        [well, 0],
        [well, 0],
        [failing, 0],
        [well, 1],
      ]),
    ).toEqual(['used', 'used', 'used', 'out', 'spare'])
  })

  test('take over what the ones before lack', () => {
    expect(
      shares([
        [well, 0],
        [failing, 0],
        [well, 1],
        [well, 1],
      ]),
    ).toEqual([0.7, 0, 0.15, 0.15])
    expect(
      shares([
        [failing, 0],
        [well, 1],
        [well, 2],
      ]),
    ).toEqual([0, 1, 0])
    expect(
      shares([
        [failing, 0],
        [drained, 1],
        [well, 2],
      ]),
    ).toEqual([0, 0, 1])
  })

  test('of which none can bear all share by what they can', () => {
    const few = [
      [well, 0],
      [failing, 0],
      [failing, 0],
      [failing, 0],
      [well, 1],
      [failing, 1],
      [failing, 1],
      [failing, 1],
    ] as const
    expect(shares(few)).toEqual([0.5, 0, 0, 0, 0.5, 0, 0, 0])
  })

  test('begin with the first, whatever number it has', () => {
    expect(
      uses([
        [well, 3],
        [well, 7],
      ]),
    ).toEqual(['used', 'spare'])
    expect(
      uses([
        [well, 3],
        [well, 3],
      ]),
    ).toEqual(['used', 'used'])
  })

  test('that have a backup use nobody who is held out', () => {
    const { placed, degraded } = tiered([
      [open, 0],
      [open, 0],
      [open, 0],
      [well, 1],
    ])
    expect([placed.map(({ use }) => use), degraded]).toEqual([['out', 'out', 'out', 'used'], undefined])
  })

  test('of which all are empty have nobody', () => {
    expect(
      tiered([
        [failing, 0],
        [drained, 1],
      ]).eligible,
    ).toBeUndefined()
  })

  test('are tried from the first when connects fail everywhere', () => {
    expect(
      uses([
        [refusing, 0],
        [refusing, 1],
      ]),
    ).toEqual(['overruled', 'out'])
  })

  test('have a half-open member tried though another bears all', () => {
    const { placed } = tiered([
      [trying, 0],
      [well, 1],
    ])
    expect(placed.map(({ use }) => use)).toEqual(['trial', 'used'])
    expect(placed.every(({ scale }) => scale > 0)).toBeTrue()
  })
})

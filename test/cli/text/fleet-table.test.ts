import { describe, expect, test } from 'bun:test'
import { formatFleet, viewNodes } from '../../../cli/text/fleet-table.ts'
import { isChosen, type Offer } from '../../../core/fleet/release.ts'
import type { NodeRecord } from '../../../core/report/fleet-status.ts'

const now = Date.UTC(2026, 0, 1, 0, 10)
const names = Array.from({ length: 20 }, (_, index) => `web-${index}`)
const isIn = names.find((name) => isChosen(name, 30)) ?? ''
const isOut = names.find((name) => !isChosen(name, 30)) ?? ''

const offer: Offer = {
  generation: 7,
  text: '{}',
  percent: 100,
  at: '2026-01-01T00:09:00.000Z',
  by: 'ada@laptop',
  before: undefined,
}
const node = (facts: Partial<NodeRecord> = {}): NodeRecord => ({
  name: isIn,
  address: '127.0.0.1:9900',
  version: '1.2.3',
  generation: 7,
  since: '2026-01-01T00:09:01.000Z',
  offered: 7,
  state: 'current',
  reason: null,
  health: 'ready',
  ...facts,
})
const lags = (newest: Offer | undefined, ...nodes: readonly NodeRecord[]) =>
  viewNodes({ source: 's', offer: newest, nodes, now }).map(({ lagMs }) => lagMs)

describe('the lag of a node', () => {
  test('is none for one that runs what it should', () => {
    expect(lags(offer, node())).toEqual([null])
    const staged: Offer = { ...offer, percent: 30, before: { generation: 6, text: '' } }
    expect(lags(staged, node(), node({ name: isOut, generation: 6 }))).toEqual([null, null])
    expect(lags(undefined, node())).toEqual([null])
  })

  test('begins with the push', () => {
    expect(lags(offer, node({ generation: 6 }), node({ state: 'refused' }))).toEqual([60_000, 60_000])
    const staged: Offer = { ...offer, percent: 30, before: { generation: 6, text: '' } }
    expect(lags(staged, node({ generation: 6 }), node({ name: isOut, generation: 7 }))).toEqual([60_000, 60_000])
  })

  test('is no nonsense where clocks or texts are', () => {
    expect(lags({ ...offer, at: '2027-01-01T00:00:00Z' }, node({ generation: 6 }))).toEqual([0])
    expect(lags({ ...offer, at: 'soon' }, node({ generation: 6 }))).toEqual([0])
  })
})

describe('a fleet', () => {
  test('is shown node by node', () => {
    const nodes = [
      node({ name: 'a' }),
      node({ name: 'b', generation: 6, state: 'refused', reason: 'x:1:1: \u001B[2Jno' }),
    ]
    expect(formatFleet({ source: 'etcd://a/edge', offer, nodes, now }, false)).toBe(`\
etcd://a/edge: generation 7 · 1m 0s ago · by ada@laptop · 2 nodes
  node  address         version  generation  since      lag  health
  a     127.0.0.1:9900  1.2.3             7  59s ago      -  ready
  b     127.0.0.1:9900  1.2.3             6  59s ago  1m 0s  ready
b refuses it: x:1:1:  [2Jno
`)
  })

  test('may have no nodes, or no config', () => {
    expect(formatFleet({ source: 's', offer: undefined, nodes: [], now }, false)).toBe(
      's: holds no configuration · 0 nodes\n  no node follows it at the moment\n',
    )
  })
})

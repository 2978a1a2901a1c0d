import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { isChosen, type Offer, readOffer, releaseFor, writeOffer } from '../../../core/fleet/release.ts'

const offer: Offer = {
  generation: 7,
  text: '{\n  // "quoted"\n}',
  percent: 25,
  at: '2026-01-01T00:00:00.000Z',
  by: 'ada@laptop',
  note: 'more',
  of: 3,
  before: { generation: 6, text: '{}' },
}

const faultOf = (value: string): string => {
  const read = readOffer(value)
  return read.kind === 'fault' ? read.rule : 'none'
}

describe('a release', () => {
  test('is read as it was written', () => {
    expect(readOffer(writeOffer(offer))).toEqual({ kind: 'offer', offer })
    const plain: Offer = { generation: 1, text: '', percent: 100, before: undefined }
    expect(readOffer(writeOffer(plain))).toEqual({ kind: 'offer', offer: plain })
  })

  test.each(['{ "pools": {} }', '', 'not JSON', '// a comment\n{}', '[]', '{ "a": { "smartedge": 1 } }'])(
    '%p is a config for all nodes, without a generation',
    (text) => {
      expect(readOffer(text)).toEqual({
        kind: 'offer',
        offer: { generation: undefined, text, percent: 100, before: undefined },
      })
    },
  )

  test.each([
    ['{"smartedge":', 'is no release'],
    ['{"smartedge":1}', 'is no release'],
    ['{"smartedge":{},"config":{}}', 'is no release'],
    ['{"smartedge":[],"config":""}', 'is no release'],
    ['{"smartedge":{"generation":0,"rollout":1},"config":""}', 'a generation that is no whole number'],
    ['{"smartedge":{"generation":1.5,"rollout":1},"config":""}', 'a generation that is no whole number'],
    ['{"smartedge":{"generation":"7","rollout":1},"config":""}', 'a generation that is no whole number'],
    ['{"smartedge":{"generation":1},"config":""}', 'a rollout outside'],
    ['{"smartedge":{"generation":1,"rollout":0},"config":""}', 'a rollout outside'],
    ['{"smartedge":{"generation":1,"rollout":101},"config":""}', 'a rollout outside'],
    ['{"smartedge":{"generation":1,"rollout":"all"},"config":""}', 'a rollout outside'],
    ['{"smartedge":{"generation":1,"rollout":1},"config":"","before":"x"}', 'a "before"'],
    ['{"smartedge":{"generation":1,"rollout":1},"config":"","before":{"generation":1}}', 'a "before"'],
  ])('%p is none: %s', (value, rule) => expect(faultOf(value)).toContain(rule))

  test('is never thrown over, whatever the value', () => {
    const json = fc.json().map((text) => `{"smartedge":${text},"config":${text},"before":${text}}`)
    fc.assert(fc.property(fc.oneof(fc.string(), json), (value) => ['offer', 'fault'].includes(readOffer(value).kind)))
  })

  test('is read as it was written, whatever the texts', () => {
    const text = fc.string({ unit: 'binary' })
    const releases = fc.record({ generation: fc.option(fc.integer({ min: 1 }), { nil: undefined }), text })
    fc.assert(
      fc.property(releases, releases, fc.double({ min: 0.001, max: 100, noNaN: true }), (one, before, percent) => {
        const offered: Offer = { ...one, percent, before }
        expect(readOffer(writeOffer(offered))).toEqual({ kind: 'offer', offer: offered })
      }),
    )
  })

  test('leaves out facts of another type', () => {
    const read = readOffer('{"smartedge":{"generation":1,"rollout":100,"at":5,"by":{},"of":"x"},"config":"{}"}')
    expect(read).toEqual({ kind: 'offer', offer: { generation: 1, text: '{}', percent: 100, before: undefined } })
  })
})

describe('a node', () => {
  const nodes = Array.from({ length: 2000 }, (_, index) => `web-${index}`)

  test('is among the first so many percent, and stays there when they become more', () => {
    for (const percent of [1, 10, 50, 90]) {
      const chosen = nodes.filter((node) => isChosen(node, percent))
      // Six standard deviations of a binomial.
      const spread = 6 * Math.sqrt(2000 * (percent / 100) * (1 - percent / 100))
      expect(Math.abs(chosen.length - 20 * percent)).toBeLessThan(spread)
      expect(chosen.every((node) => isChosen(node, percent + 5))).toBe(true)
    }
    expect(nodes.every((node) => isChosen(node, 100))).toBe(true)
  })

  test('decides the same on every machine and in every version', () => {
    expect(nodes.slice(0, 12).filter((node) => isChosen(node, 50))).toEqual([
      'web-0',
      'web-2',
      'web-5',
      'web-6',
      'web-7',
      'web-8',
    ])
  })

  test('runs the newest when it is among them, else the one before', () => {
    const chosen = nodes.find((node) => isChosen(node, 25)) ?? ''
    const other = nodes.find((node) => !isChosen(node, 25)) ?? ''
    expect(releaseFor(offer, chosen)).toEqual({ generation: 7, text: offer.text })
    expect(releaseFor(offer, other)).toEqual({ generation: 6, text: '{}' })
    expect(releaseFor({ ...offer, before: undefined }, other)).toBeUndefined()
  })
})

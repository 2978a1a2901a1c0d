import { describe, expect, test } from 'bun:test'
import { createExplainer } from '../../../core/explain/explainer.ts'
import { ExplainStore } from '../../../core/explain/store.ts'
import { seededRandom } from '../../../core/random.ts'
import { Secret } from '../../../core/secrets.ts'
import { forgetfulLatencies, makeBackend } from '../../support/make-backend.ts'
import { parseRequest } from '../../support/http1-heads.ts'

const clock = { now: () => 0, wallTime: () => 0 }

function explaining(sample: number, token: Secret | undefined = new Secret('sesame')) {
  const policy = { sample, keep: 10 }
  const store = new ExplainStore({ clock, policy, rivals: async () => [] })
  const explainer = createExplainer({ policy, store, random: seededRandom(3), clock, token: () => token })
  return { store, begin: (fields = '') => explainer.begin(parseRequest(`GET / HTTP/1.1\r\nHost: a\r\n${fields}\r\n`)) }
}

describe('an explainer', () => {
  test.each([
    [0, 0],
    [0.1, 100],
    [1, 1000],
  ])('of %d of all requests explains about so many, and counts all', (sample, expected) => {
    const { store, begin } = explaining(sample)
    const found = Array.from({ length: 1000 }, () => begin()).filter((one) => one !== undefined)
    expect(Math.abs(found.length - expected)).toBeLessThanOrEqual(expected * (1 - sample) * 0.25)
    expect(found.some(({ isAsked }) => isAsked)).toBeFalse()
    expect(store.seen).toBe(1000)
  })

  test.each([
    ['X-SmartEdge-Explain: sesame\r\n', true],
    ['x-smartedge-explain:   sesame  \r\n', true],
    ['X-SmartEdge-Explain: Sesame\r\n', false],
    ['X-SmartEdge-Explain: sesame2\r\n', false],
    ['X-SmartEdge-Explain:\r\n', false],
    ['X_SmartEdge_Explain: sesame\r\n', false],
    [`X-SmartEdge-Explain: ${'s'.repeat(20_000)}\r\n`, false],
    ['X-SmartEdge-Explain: wrong\r\nX-SmartEdge-Explain: sesame\r\n', false],
    ['X-SmartEdge-Explain: \x80\xff\r\n', false],
  ])('heeds %j: %p', (fields, isHeeded) => {
    expect(explaining(0).begin(fields)?.isAsked ?? false).toBe(isHeeded)
  })

  test('heeds nobody where there is no token, or an empty one', () => {
    const field = 'X-SmartEdge-Explain: sesame\r\n'
    const policy = { sample: 0, keep: 1 }
    const store = new ExplainStore({ clock, policy, rivals: async () => [] })
    const explainer = createExplainer({ policy, store, random: seededRandom(1), clock, token: () => undefined })
    expect(explainer.begin(parseRequest(`GET / HTTP/1.1\r\nHost: a\r\n${field}\r\n`))).toBeUndefined()
    expect(explaining(0, new Secret('')).begin('X-SmartEdge-Explain:\r\n')).toBeUndefined()
  })

  test('asks a backend for its median once a second', () => {
    let [now, asked] = [0, 0]
    const policy = { sample: 1, keep: 1 }
    const store = new ExplainStore({ clock, policy, rivals: async () => [] })
    const explainer = createExplainer({
      policy,
      store,
      random: () => 0,
      clock: { now: () => now },
      token: () => undefined,
    })
    const medianOf = explainer.begin(parseRequest('GET / HTTP/1.1\r\nHost: a\r\n\r\n'))!.medianOf
    const latency = { ...forgetfulLatencies(), summary: () => ({ p50Ms: (asked += 1) }) as never }
    const backend = Object.assign(makeBackend(1), { latency })
    expect(medianOf(makeBackend(2))).toBeNull()
    expect([medianOf(backend), medianOf(backend)]).toEqual([1, 1])
    now = 1000
    expect(medianOf(backend)).toBe(2)
  })
})

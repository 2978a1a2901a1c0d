import { describe, expect, test } from 'bun:test'
import { formatExplanation } from '../../../cli/text/explanation.ts'
import { toldAttempt, toldExplanation, toldPick } from '../../support/told-explanation.ts'

const plain = { color: false, width: undefined }

describe('formatExplanation', () => {
  test('says in a sentence why, who else there was, and who not', () => {
    expect(formatExplanation(toldExplanation(), plain)).toBe(
      [
        'GET /x?token=***',
        '  200 in 6.50 ms, route a.example/*, pool web, 2026-11-26 22:00:00.000 UTC',
        '  1. a:80: 200; first byte after 4.20 ms, over after 6.00 ms.',
        '     Why: p2c: the less busy of two drawn by weight.',
        '     backend  score  in flight  weight   median',
        '     a:80         0          0       1  4.00 ms  taken, drawn',
        '     b:80         2          1       1        -  runner-up, drawn',
        '     Not c:80 (breaker): breaker open: 5 failures in a row, 1s left.',
        '     random would have taken b:80.',
        '     least-connections would have done the same.',
        '',
      ].join('\n'),
    )
  })

  test('tells of attempts one after the other, and of one beside another', () => {
    const failed = toldAttempt({ outcome: 'failed: connect', status: null, firstByteMs: null, pick: null })
    const hedge = toldAttempt({ backend: 'b:80', hedge: true, startMs: 12, readyMs: 2, totalMs: 4.2 })
    const lines = formatExplanation(toldExplanation({ attempts: [failed, hedge] }), plain).split('\n')
    expect(lines[2]).toBe('  1. a:80: failed: connect; no response, over after 6.00 ms.')
    expect(lines[3]).toBe(
      '  2. b:80, beside one that was slow: 200; begun after 12.0 ms, connected after 2.00 ms, first byte after 4.20 ms.',
    )
  })

  test('tells what a call of gRPC has come to', () => {
    const attempts = [toldAttempt({ status: 503, grpcStatus: 'UNAVAILABLE', pick: null })]
    const lines = formatExplanation(toldExplanation({ attempts }), plain).split('\n')
    expect(lines[2]).toBe('  1. a:80: 503 (gRPC UNAVAILABLE); first byte after 4.20 ms, over after 6.00 ms.')
  })

  test.each([
    [{ status: null, ending: 'abandoned' } as const, 'left before an answer in 6.50 ms'],
    [
      { status: 503, ending: 'refused', detail: 'no backend is usable' } as const,
      '503 refused in 6.50 ms, route a.example/*, pool web, no backend is usable',
    ],
    [{ status: 101, ending: 'tunnel' } as const, '101 tunnel in 6.50 ms'],
    [{ route: '*' }, '200 in 6.50 ms, pool web, 2026'],
    [{ asked: true }, '200 in 6.50 ms, route a.example/*, pool web, asked for, 2026'],
    [{ route: null, pool: null, status: 404, ending: 'refused' } as const, '404 refused in 6.50 ms, 2026'],
  ])('says of %p: %s', (given, said) => {
    expect(formatExplanation(toldExplanation({ attempts: [], ...given }), plain)).toContain(said)
  })

  test('names the strategies that agree with each other in one line', () => {
    const of = (backend: string, ...names: string[]) => names.map((strategy) => ({ strategy, backend }))
    const others = [...of('a:80', 'p2c'), ...of('b:80', 'random', 'geo-affinity'), ...of('a:80', 'consistent-hash')]
    const text = formatExplanation(toldExplanation({ attempts: [toldAttempt({ pick: toldPick({ others }) })] }), plain)
    expect(text).toEndWith(
      '     random, geo-affinity would have taken b:80.\n     p2c, consistent-hash would have done the same.\n',
    )
  })

  test('says why nobody could take a request', () => {
    const nobody = toldPick({ chosen: null, why: 'nobody could take it', candidates: [], others: [] })
    expect(formatExplanation(toldExplanation({ attempts: [], nobody }), plain)).toEndWith(
      '  Nobody: nobody could take it.\n     Not c:80 (breaker): breaker open: 5 failures in a row, 1s left.\n',
    )
  })

  test('of many names a few, and how many more there were', () => {
    const candidates = Array.from({ length: 32 }, (_, index) => ({
      backend: `b${index}`,
      score: null,
      inflight: 0,
      weight: 1,
      latencyMs: null,
    }))
    const excluded = candidates.map(({ backend }) => ({ backend, by: 'tier' as const, why: 'no', untilMs: null }))
    const pick = toldPick({ candidates, excluded, counts: { candidates: 4000, excluded: 1000 } })
    const text = formatExplanation(toldExplanation({ attempts: [toldAttempt({ pick })] }), plain)
    expect(text).toContain('     and 3,992 more\n')
    expect(text).toContain('     Nor 992 more.\n')
    expect(text.split('\n').length).toBeLessThan(30)
  })

  test('lets nothing through that a terminal would heed, whoever says it', () => {
    const evil = '\u001B[2J\u009B31m\u202Ex\r\n\u0007'
    const pick = toldPick({
      why: evil,
      candidates: [evil, `${evil}b`].map((backend) => ({ backend, score: 1, inflight: 0, weight: 1, latencyMs: 1 })),
      excluded: [{ backend: evil, by: evil as never, why: evil, untilMs: 1 }],
      others: [{ strategy: evil, backend: evil }],
      chosen: evil,
    })
    const attempts = [toldAttempt({ backend: evil, outcome: evil, pick })]
    const told = toldExplanation({
      at: evil,
      method: evil,
      target: evil,
      pool: evil,
      detail: evil,
      attempts,
      nobody: pick,
    })
    expect(formatExplanation(told, plain)).not.toMatch(/[^\P{Cc}\n]|\u202E/u)
  })

  test('fits a terminal', () => {
    const told = toldExplanation({ attempts: [toldAttempt({ pick: toldPick({ why: 'a word and '.repeat(30) }) })] })
    const widths = formatExplanation(told, { color: false, width: 60 })
      .split('\n')
      .map((line) => line.length)
    expect(Math.max(...widths)).toBeLessThanOrEqual(60)
  })
})

import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { Trace } from '../../../core/exchange/trace.ts'
import { exchangeRecord } from '../../support/exchange-record.ts'
import { PARENT_ID, textOf, TRACE_ID, tracedBy, TRACEPARENT, UNSAMPLED } from '../../support/tracing.ts'

const told = (value: string): string => `traceparent: ${value}\r\n`
const lines = (trace: Trace | undefined): string | undefined => trace && textOf(trace.attempt().lines)
/** The first id that `countingIds` gives. */
const FIRST = '0102030405060708090a0b0c0d0e0f10'

/** What becomes of a request: passed on as it came, told on unrecorded, or recorded; and in which trace. */
function fate(trace: Trace | undefined): string {
  if (trace === undefined) return 'passed on'
  const whose = trace.traceId === TRACE_ID ? 'theirs' : 'ours'
  return `${trace.spanId === undefined ? 'unrecorded' : 'recorded'}, ${whose}`
}

describe('a request', () => {
  test.each([
    // Without a word of a trace the ratio decides.
    ['follow', 1, '', 'recorded, ours'],
    ['follow', 0, '', 'unrecorded, ours'],
    // Whoever sends it decides.
    ['follow', 0, TRACEPARENT, 'recorded, theirs'],
    ['follow', 1, UNSAMPLED, 'passed on'],
    // What is invalid is none.
    ['follow', 1, 'ff-x', 'recorded, ours'],
    ['follow', 0, 'ff-x', 'unrecorded, ours'],
    // 192.0.2.1 is no trusted proxy.
    ['trusted', 0, TRACEPARENT, 'unrecorded, ours'],
    ['trusted', 1, UNSAMPLED, 'recorded, ours'],
    ['ignore', 0, TRACEPARENT, 'unrecorded, ours'],
    ['ignore', 1, UNSAMPLED, 'recorded, ours'],
    // Their trace, our ratio.
    ['sample', 1, UNSAMPLED, 'recorded, theirs'],
    ['sample', 0, TRACEPARENT, 'passed on'],
    ['sample', 0, '', 'unrecorded, ours'],
  ] as const)('by %s, %p of them, with %p is %s', (parent, sampleRatio, value, expected) => {
    const { begin } = tracedBy({ parent, sampleRatio })
    expect(fate(begin(value === '' ? '' : told(value)))).toBe(expected)
  })

  test('of a trusted proxy is believed by `trusted`', () => {
    const { begin } = tracedBy({ parent: 'trusted', sampleRatio: 0 })
    expect(fate(begin(told(TRACEPARENT), '10.0.0.1'))).toBe('recorded, theirs')
  })

  test('of a route is sampled by the route’s ratio', () => {
    expect(fate(tracedBy({ sampleRatio: 0 }, { sampleRatio: 1 }).begin())).toBe('recorded, ours')
    expect(fate(tracedBy({ sampleRatio: 1 }, { sampleRatio: undefined }).begin())).toBe('recorded, ours')
  })

  test('is sampled by the id of its trace', () => {
    const id = (last: string) => `00-${TRACE_ID.slice(0, 18)}${last.repeat(14)}-${PARENT_ID}-00`
    const { begin } = tracedBy({ parent: 'sample', sampleRatio: 0.5 })
    expect([fate(begin(told(id('7')))), fate(begin(told(id('8'))))]).toEqual(['passed on', 'recorded, ours'])
  })
})

describe('an attempt', () => {
  test('of a recorded request has a span of its own, told in place of the client’s', () => {
    const trace = tracedBy().begin(told(TRACEPARENT))
    const [one, other] = [trace?.attempt(), trace?.attempt()]
    expect([trace?.spanId, one?.spanId, other?.spanId]).toEqual([
      '0102030405060708',
      '090a0b0c0d0e0f10',
      '1112131415161718',
    ])
    expect(one?.drops).toEqual(['traceparent'])
    expect(textOf(one?.lines)).toBe(`traceparent: 00-${TRACE_ID}-${one?.spanId}-01\r\n`)
  })

  test('of a trace that begins here says so, and that its id is random', () => {
    const recorded = tracedBy().begin()
    expect(lines(recorded)).toBe(`traceparent: 00-${FIRST}-191a1b1c1d1e1f20-03\r\n`)
    expect(recorded?.attempt().drops).toEqual(['traceparent', 'tracestate'])
  })

  test('of an unrecorded request says that it is, the same whichever it is', () => {
    const trace = tracedBy({ sampleRatio: 0 }).begin()
    expect(lines(trace)).toBe(`traceparent: 00-${FIRST}-1112131415161718-02\r\n`)
    expect(trace?.attempt()).toBe(trace?.attempt())
    expect(trace?.attempt()).toMatchObject({ spanId: undefined, drops: undefined })
  })

  test.each([told('junk'), 'tracestate: a=1\r\n', `${told(TRACEPARENT)}${told(TRACEPARENT)}`])(
    'replaces what a client says of a trace that is none: %p',
    (said) => {
      const trace = tracedBy({ sampleRatio: 0 }).begin(said)
      expect(trace?.attempt().drops).toEqual(['traceparent', 'tracestate'])
    },
  )

  test('keeps the flag of a random id', () => {
    expect(lines(tracedBy().begin(told(`00-${TRACE_ID}-${PARENT_ID}-03`)))).toEndWith('-03\r\n')
  })
})

describe('formats', () => {
  test('are all written, the first that is valid having been read', () => {
    const { begin } = tracedBy({ formats: ['b3', 'tracecontext', 'b3multi'] })
    const trace = begin(`b3: nonsense\r\n${told(TRACEPARENT)}X-B3-Sampled: 0\r\n`)
    const attempt = trace?.attempt()
    const spanId = attempt?.spanId
    expect(textOf(attempt?.lines)).toBe(
      [
        `b3: ${TRACE_ID}-${spanId}-1`,
        `traceparent: 00-${TRACE_ID}-${spanId}-01`,
        `X-B3-TraceId: ${TRACE_ID}`,
        `X-B3-SpanId: ${spanId}`,
        'X-B3-Sampled: 1',
        '',
      ].join('\r\n'),
    )
    expect(attempt?.drops).toEqual([
      'b3',
      'traceparent',
      'x-b3-traceid',
      'x-b3-spanid',
      'x-b3-parentspanid',
      'x-b3-sampled',
      'x-b3-flags',
    ])
  })

  test('that are not asked for are neither read nor written', () => {
    const trace = tracedBy({ formats: ['b3'] }).begin(told(TRACEPARENT))
    expect(fate(trace)).toBe('recorded, ours')
    expect(trace?.attempt().drops).toEqual(['b3'])
    expect(lines(trace)).toMatch(/^b3: [^\r]*\r\n$/)
  })

  test('may tell a decision alone', () => {
    const { begin } = tracedBy({ formats: ['b3'], sampleRatio: 1 })
    expect(fate(begin('b3: 0\r\n'))).toBe('unrecorded, ours')
    expect(fate(tracedBy({ formats: ['b3'], sampleRatio: 0 }).begin('b3: 1\r\n'))).toBe('recorded, ours')
  })

  test('that leave it open are decided on by the ratio', () => {
    const said = `b3: ${TRACE_ID}-${PARENT_ID}\r\n`
    expect(fate(tracedBy({ formats: ['b3'], sampleRatio: 0 }).begin(said))).toBe('passed on')
    expect(fate(tracedBy({ formats: ['b3'], sampleRatio: 1 }).begin(said))).toBe('recorded, theirs')
  })

  test('of B3 take no tracestate over, which belongs to another', () => {
    const { begin } = tracedBy({ formats: ['tracecontext', 'b3'] })
    const trace = begin(`b3: ${TRACE_ID}-${PARENT_ID}-1\r\ntracestate: a=1\r\n`)
    expect(trace?.attempt().drops).toContain('tracestate')
  })
})

describe('the end of an exchange', () => {
  test('tells who recorded it of the parent, and of the state of its trace', () => {
    const { begin, recorded } = tracedBy()
    const record = exchangeRecord()
    begin(`${told(TRACEPARENT)}tracestate: a=1\r\n`)?.end(record)
    expect(recorded).toEqual([
      { traceId: TRACE_ID, spanId: '0102030405060708', parentId: PARENT_ID, state: 'a=1', record },
    ])
  })

  test('of one that was not recorded tells nobody', () => {
    const { begin, recorded } = tracedBy({ sampleRatio: 0 })
    begin()?.end(exchangeRecord())
    expect(recorded).toEqual([])
  })
})

describe('whatever a client says', () => {
  const names = ['traceparent', 'tracestate', 'b3', 'x-b3-traceid', 'x-b3-spanid', 'x-b3-sampled', 'x-b3-flags']
  const piece = fc.constantFrom(TRACE_ID, PARENT_ID, '00', '01', 'ff', '-', '--', ',', '=', ' ', '\xe9', '1', 'd', '0')
  const value = fc.oneof(
    fc.array(piece, { maxLength: 9 }).map((pieces) => pieces.join('')),
    fc.array(piece, { maxLength: 9 }).map((pieces) => pieces.join('-')),
  )
  const said = fc.array(fc.tuple(fc.constantFrom(...names), value), { maxLength: 5 })

  test('backends are told of a valid trace, in our lines alone', () => {
    const { begin } = tracedBy({ formats: ['tracecontext', 'b3', 'b3multi'], sampleRatio: 0.5 })
    fc.assert(
      fc.property(said, (fields) => {
        const trace = begin(fields.map(([name, text]) => `${name}: ${text}\r\n`).join(''))
        if (trace === undefined) return
        const written = textOf(trace.attempt().lines).split('\r\n')
        expect(written).toHaveLength(6)
        expect(written[0]).toMatch(/^traceparent: 00-[0-9a-f]{32}-[0-9a-f]{16}-0[0-3]$/)
        expect(written[1]).toMatch(/^b3: [0-9a-f]{32}-[0-9a-f]{16}-[01]$/)
      }),
    )
  })
})

import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { INVALID, type Telling } from '../../../core/trace/told.ts'
import { flagsOf, readTraceparent, traceStateOf } from '../../../core/trace/trace-context.ts'
import { parseRequest } from '../../support/http1-heads.ts'
import { PARENT_ID, TRACE_ID, TRACEPARENT } from '../../support/tracing.ts'

const fieldsOf = (lines: string) => parseRequest(`GET / HTTP/1.1\r\nHost: a\r\n${lines}\r\n`).fields
const read = (value: string): Telling => readTraceparent(fieldsOf(`TraceParent: ${value}\r\n`))

const shown = (telling: Telling) =>
  telling === undefined || telling === INVALID
    ? telling
    : [telling.traceId, telling.spanId, telling.decision, telling.isRandom]

describe('a traceparent', () => {
  test.each([
    ['of a recorded trace', TRACEPARENT, 'sampled', false],
    ['of one that is not', `00-${TRACE_ID}-${PARENT_ID}-00`, 'unsampled', false],
    ['of a random id', `00-${TRACE_ID}-${PARENT_ID}-02`, 'unsampled', true],
    ['of both', `00-${TRACE_ID}-${PARENT_ID}-03`, 'sampled', true],
    ['with flags that are not known', `00-${TRACE_ID}-${PARENT_ID}-fd`, 'sampled', false],
    ['with white space around it', ` \t${TRACEPARENT}\t `, 'sampled', false],
    ['of a version to come', `cc-${TRACE_ID}-${PARENT_ID}-01`, 'sampled', false],
    ['of a version to come, with more', `cc-${TRACE_ID}-${PARENT_ID}-01-what-the-future.will-be`, 'sampled', false],
    ['of a version to come, with nothing behind a hyphen', `01-${TRACE_ID}-${PARENT_ID}-00-`, 'unsampled', false],
  ] as const)('%s is read', (_title, value, decision, isRandom) => {
    expect(shown(read(value))).toEqual([TRACE_ID, PARENT_ID, decision, isRandom])
  })

  test.each([
    ['nothing', ''],
    ['version ff', `ff-${TRACE_ID}-${PARENT_ID}-01`],
    ['a version of letters', `zz-${TRACE_ID}-${PARENT_ID}-01`],
    ['a version in upper case', `CC-${TRACE_ID}-${PARENT_ID}-01`],
    ['version 00 with more', `${TRACEPARENT}-`],
    ['version 00 with much more', `${TRACEPARENT}-what`],
    ['a version to come with more, but no hyphen', `cc-${TRACE_ID}-${PARENT_ID}-01.what`],
    ['a trace id of zeros', `00-${'0'.repeat(32)}-${PARENT_ID}-01`],
    ['a span id of zeros', `00-${TRACE_ID}-${'0'.repeat(16)}-01`],
    ['a trace id in upper case', `00-${TRACE_ID.toUpperCase()}-${PARENT_ID}-01`],
    ['a span id in upper case', `00-${TRACE_ID}-${PARENT_ID.toUpperCase()}-01`],
    ['flags in upper case', `00-${TRACE_ID}-${PARENT_ID}-0A`],
    ['flags of one digit', `00-${TRACE_ID}-${PARENT_ID}-1`],
    ['a short trace id', `00-${TRACE_ID.slice(1)}-${PARENT_ID}-01`],
    ['another sign between', `00_${TRACE_ID}-${PARENT_ID}-01`],
    ['a sign that is no digit', `00-${TRACE_ID.slice(1)}g-${PARENT_ID}-01`],
    ['bytes beyond ASCII', `00-${TRACE_ID.slice(1)}\xe9-${PARENT_ID}-01`],
  ])('is invalid with %s', (_title, value) => {
    expect(read(value)).toBe(INVALID)
  })

  test('is invalid when it stands twice, and none when it stands nowhere', () => {
    expect(readTraceparent(fieldsOf(`traceparent: ${TRACEPARENT}\r\ntraceparent: ${TRACEPARENT}\r\n`))).toBe(INVALID)
    expect(readTraceparent(fieldsOf(`traceparents: ${TRACEPARENT}\r\n`))).toBeUndefined()
  })

  test('is read no differently byte by byte: no shorter one is valid', () => {
    const bytes = Buffer.from(TRACEPARENT)
    for (let end = 0; end < bytes.length; end += 1) expect(flagsOf(bytes, 0, end)).toBe(-1)
    expect(flagsOf(bytes, 0, bytes.length)).toBe(1)
  })

  test('with any byte changed is valid just where the pattern of the specification holds', () => {
    const pattern = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/
    fc.assert(
      fc.property(fc.nat({ max: 54 }), fc.integer({ min: 0, max: 255 }), (at, byte) => {
        const bytes = Buffer.from(TRACEPARENT)
        bytes[at] = byte
        expect(flagsOf(bytes, 0, bytes.length) >= 0).toBe(pattern.test(bytes.toString('latin1')))
      }),
    )
  })
})

describe('a tracestate', () => {
  test.each([
    ['a=1', 'a=1'],
    ['rojo=00f067aa0ba902b7,congo=t61rcWkgMzE', 'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE'],
    ['fw529a3039@dt=x, ,b=2', 'fw529a3039@dt=x, ,b=2'],
    ['A=1', undefined],
    ['a', undefined],
    ['a=', undefined],
    ['a=b=c', undefined],
    ['a=\xe9', undefined],
    [`a=${'x'.repeat(300)}`, undefined],
    [Array.from({ length: 33 }, (_, index) => `k${index}=1`).join(','), undefined],
    [Array.from({ length: 600 }, () => 'a=1').join(','), undefined],
    ['', undefined],
  ])('%p is told of a span as %p', (value, told) => {
    expect(traceStateOf(fieldsOf(`tracestate: ${value}\r\n`))).toBe(told)
  })

  test('of several lines is one list', () => {
    expect(traceStateOf(fieldsOf('tracestate: a=1\r\nTracestate: b=2\r\n'))).toBe('a=1,b=2')
  })

  test.each([
    ['members with blanks', `${'a=x ,'.repeat(100)}a`],
    ['blanks alone', `${' '.repeat(15)},`.repeat(31) + '='],
    ['tabs between nothing', `${'\t '.repeat(7)},`.repeat(31) + '='],
  ])('of any text takes no time to speak of: %s', (_, almost) => {
    expect(traceStateOf(fieldsOf(`tracestate: x=1,${almost}\r\n`))).toBeUndefined()
  })
})

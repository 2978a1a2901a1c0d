import { describe, expect, test } from 'bun:test'
import { readB3, readB3Multi } from '../../../core/trace/b3.ts'
import { INVALID, type Telling } from '../../../core/trace/told.ts'
import { parseRequest } from '../../support/http1-heads.ts'
import { PARENT_ID, TRACE_ID } from '../../support/tracing.ts'

const SHORT = TRACE_ID.slice(16)
const PADDED = `${'0'.repeat(16)}${SHORT}`

const fieldsOf = (lines: string) => parseRequest(`GET / HTTP/1.1\r\nHost: a\r\n${lines}\r\n`).fields

function shown(telling: Telling): unknown {
  if (telling === undefined || telling === INVALID) return telling
  return telling.hasIds ? [telling.traceId, telling.spanId, telling.decision] : telling.decision
}

describe('B3 in one field', () => {
  test.each([
    [`${TRACE_ID}-${PARENT_ID}`, [TRACE_ID, PARENT_ID, 'open']],
    [`${TRACE_ID}-${PARENT_ID}-1`, [TRACE_ID, PARENT_ID, 'sampled']],
    [`${TRACE_ID}-${PARENT_ID}-d`, [TRACE_ID, PARENT_ID, 'sampled']],
    [`${TRACE_ID}-${PARENT_ID}-0`, [TRACE_ID, PARENT_ID, 'unsampled']],
    [`${TRACE_ID}-${PARENT_ID}-1-${PARENT_ID}`, [TRACE_ID, PARENT_ID, 'sampled']],
    [`${SHORT}-${PARENT_ID}-0`, [PADDED, PARENT_ID, 'unsampled']],
    ['0', 'unsampled'],
    ['1', 'sampled'],
    ['d', 'sampled'],
    ['', INVALID],
    ['2', INVALID],
    ['true', INVALID],
    ['constructor', INVALID],
    [TRACE_ID, INVALID],
    [`${TRACE_ID}-`, INVALID],
    [`${TRACE_ID}-${PARENT_ID}-`, INVALID],
    [`${TRACE_ID}-${PARENT_ID}-2`, INVALID],
    [`${TRACE_ID}-${PARENT_ID}-1-`, INVALID],
    [`${TRACE_ID}-${PARENT_ID}-1-${PARENT_ID}-1`, INVALID],
    [`${TRACE_ID}-${PARENT_ID}-1-${'0'.repeat(16)}`, INVALID],
    [`${TRACE_ID.toUpperCase()}-${PARENT_ID}-1`, INVALID],
    [`${'0'.repeat(32)}-${PARENT_ID}-1`, INVALID],
    [`${TRACE_ID}-${'0'.repeat(16)}-1`, INVALID],
    [`${TRACE_ID.slice(1)}-${PARENT_ID}-1`, INVALID],
  ])('%p is %p', (value, told) => {
    expect(shown(readB3(fieldsOf(`b3: ${value}\r\n`)))).toEqual(told)
  })

  test.each([16, 32])('is the same whatever stands behind it, with a hyphen %i bytes on', (digits) => {
    const behind = `${'x'.repeat(digits - 3)}-y: 1\r\n`
    expect(shown(readB3(fieldsOf(`b3: 0\r\n${behind}`)))).toBe('unsampled')
  })

  test('is invalid when it stands twice, and none when it stands nowhere', () => {
    expect(readB3(fieldsOf('b3: 1\r\nb3: 1\r\n'))).toBe(INVALID)
    expect(readB3(fieldsOf('x-b3: 1\r\n'))).toBeUndefined()
  })
})

describe('B3 in several fields', () => {
  const ids = `X-B3-TraceId: ${TRACE_ID}\r\nX-B3-SpanId: ${PARENT_ID}\r\n`
  test.each([
    ['ids alone', ids, [TRACE_ID, PARENT_ID, 'open']],
    ['ids, recorded', `${ids}X-B3-Sampled: 1\r\n`, [TRACE_ID, PARENT_ID, 'sampled']],
    ['ids, not recorded', `${ids}X-B3-Sampled: 0\r\n`, [TRACE_ID, PARENT_ID, 'unsampled']],
    ['ids, recorded in words', `${ids}X-B3-Sampled: true\r\n`, [TRACE_ID, PARENT_ID, 'sampled']],
    ['ids, for debugging', `${ids}X-B3-Flags: 1\r\n`, [TRACE_ID, PARENT_ID, 'sampled']],
    ['ids, flags of no meaning', `${ids}X-B3-Flags: 0\r\n`, [TRACE_ID, PARENT_ID, 'open']],
    ['a short trace id', `x-b3-traceid: ${SHORT}\r\nx-b3-spanid: ${PARENT_ID}\r\n`, [PADDED, PARENT_ID, 'open']],
    ['a decision alone', 'X-B3-Sampled: 0\r\n', 'unsampled'],
    ['flags alone that say nothing', 'X-B3-Flags: 0\r\n', undefined],
    ['nothing', '', undefined],
    ['a trace without a span', `X-B3-TraceId: ${TRACE_ID}\r\n`, INVALID],
    ['a span without a trace', `X-B3-SpanId: ${PARENT_ID}\r\n`, INVALID],
    ['a decision that is none', `${ids}X-B3-Sampled: maybe\r\n`, INVALID],
    ['d, which is for the other form', `${ids}X-B3-Sampled: d\r\n`, INVALID],
    ['two trace ids', `${ids}X-B3-TraceId: ${TRACE_ID}\r\n`, INVALID],
    ['an id in upper case', `X-B3-TraceId: ${TRACE_ID.toUpperCase()}\r\nX-B3-SpanId: ${PARENT_ID}\r\n`, INVALID],
    ['an empty id', `X-B3-TraceId: \r\nX-B3-SpanId: ${PARENT_ID}\r\n`, INVALID],
  ])('of %s', (_title, lines, told) => {
    expect(shown(readB3Multi(fieldsOf(lines)))).toEqual(told)
  })
})

import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { BodyReading } from '../../support/http1-bodies.ts'
import { ChunkedReader } from '../../../core/http1/chunked-reader.ts'
import { readBody } from '../../support/http1-bodies.ts'
import { byteByByte, bytesOf, limits, piecesOf } from '../../support/http1-bytes.ts'
import { dataOfForwarded, referenceChunked } from '../../support/http1-reference.ts'

const TRAILING = 'GET / HTTP/1.1\r\n\r\n\0\r\n0\r\n\r\n'

/** Reads pieces both ways, which must agree in all but what goes out. */
function readBoth(pieces: readonly Buffer[]): { readonly decoded: BodyReading; readonly kept: BodyReading } {
  const decoded = readBody(pieces)
  const kept = readBody(pieces, { keepChunks: true })
  expect({ ...kept, out: '' }).toEqual({ ...decoded, out: '' })
  return { decoded, kept }
}

/** The body must be read as the reference reads it, however it is cut. */
function expectBody(pieces: readonly Buffer[], body: string, rest: string): void {
  const reference = referenceChunked(body + rest)
  expect(reference?.end).toBe(body.length)
  const { decoded, kept } = readBoth(pieces)
  expect(decoded).toMatchObject({ isDone: true, rest, refusal: undefined, out: reference?.data })
  expect(decoded.trailers).toEqual([...(reference?.trailers ?? [])])
  expect(dataOfForwarded(kept.out)).toBe(decoded.out)
  expect(referenceChunked(`${kept.out}0\r\n\r\n`)).toMatchObject({ data: decoded.out, end: kept.out.length + 5 })
}

function expectAnySplit(body: string): void {
  expectBody([bytesOf(body)], body, '')
  expectBody(byteByByte(body), body, '')
  expectBody([bytesOf(body + TRAILING)], body, TRAILING)
  expectBody([...byteByByte(body.slice(0, -1)), bytesOf(body.slice(-1) + TRAILING)], body, TRAILING)
  expectBody(byteByByte(body + TRAILING), body, TRAILING)
  for (let first = 0; first <= body.length; first += 1) {
    for (let second = first; second <= body.length; second += 1) expectBody(piecesOf(body, first, second), body, '')
  }
}

const bodies = [
  '0\r\n\r\n',
  '000\r\n\r\n',
  '5\r\nhello\r\n0\r\n\r\n',
  '1\r\na\r\n2\r\nbc\r\n003\r\ndef\r\n0\r\n\r\n',
  'a\r\n0123456789\r\nB\r\n0123456789a\r\n0\r\n\r\n',
  '4\r\n\r\n\r\n\r\n1\r\n\r\r\n1\r\n\n\r\n0\r\n\r\n',
  '3\r\n0\r\n\r\n2\r\n\0\xff\r\n0\r\n\r\n',
  '1;a\r\nx\r\n1\r\ny\r\n0\r\n\r\n',
  '1;a=b;c="d;\xe4"\r\nx\r\n1 \t;e\r\ny\r\n0;z\r\n\r\n',
  '1;\r\nx\r\n1;;\r\ny\r\n0 ;\r\n\r\n',
  '1\r\nx\r\n0\r\nA: b\r\n\r\n',
  '0\r\nExpires: x\r\nX: \r\nX:y\r\n\r\n',
  '1;a\r\nx\r\n0;b\r\nDigest: d\xff\r\n\r\n',
  '0\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\nHost: a\r\nHost: b\r\n\r\n',
]

describe('chunked body', () => {
  test.each(bodies)('%j is read alike however it is cut', (body) => {
    expectAnySplit(body)
  })

  test('is read alike in random pieces with random extensions', () => {
    const size = (data: string, zeros: number) => '0'.repeat(zeros) + data.length.toString(16)
    const chunk = fc
      .tuple(fc.string({ minLength: 1, maxLength: 40 }), fc.nat(3), fc.constantFrom('', ';', ';a=b', ' ;x', '\t;"y"'))
      .map(([text, zeros, extension]) => {
        const data = bytesOf(text).toString('latin1')
        return `${size(data, zeros)}${extension}\r\n${data}\r\n`
      })
    const trailers = fc.constantFrom('', 'A: b\r\n', 'A: b\r\nC:\r\n')
    const input = fc.tuple(fc.array(chunk, { maxLength: 8 }), trailers, fc.array(fc.nat(200), { maxLength: 12 }))
    fc.assert(
      fc.property(input, ([chunks, section, cuts]) => {
        const body = `${chunks.join('')}0\r\n${section}\r\n`
        expectBody(piecesOf(body + TRAILING, ...cuts.filter((cut) => cut <= body.length)), body, TRAILING)
      }),
      { seed: 20261121, numRuns: 2000 },
    )
  })

  test('passes whole size lines as they came', () => {
    const chunks = '005\r\nhello\r\nA\r\n0123456789\r\na\r\n0123456789\r\n'
    expect(readBody([bytesOf(`${chunks}0\r\n\r\n`)], { keepChunks: true }).out).toBe(chunks)
  })

  test('writes size lines anew when they come in pieces or lose an extension', () => {
    const { out } = readBody(piecesOf('00A\r\n0123456789\r\n01;x\r\ny\r\n0\r\n\r\n', 2), { keepChunks: true })
    expect(out).toBe('a\r\n0123456789\r\n1\r\ny\r\n')
  })

  test('lets data out before its chunk has ended', () => {
    for (const keepChunks of [true, false]) {
      const reading = readBody([bytesOf('ffffffff\r\nabc')], { keepChunks })
      expect(reading).toMatchObject({ isDone: false, refusal: undefined, rest: '' })
      expect(reading.out).toBe(keepChunks ? 'ffffffff\r\nabc' : 'abc')
    }
  })

  test('is unfinished at every prefix', () => {
    for (const body of bodies) {
      for (let length = 0; length < body.length; length += 1) {
        const { decoded, kept } = readBoth([bytesOf(body.slice(0, length))])
        expect(decoded).toMatchObject({ isDone: false, refusal: undefined, rest: '' })
        expect(dataOfForwarded(kept.out)).toBe(decoded.out)
      }
    }
  })

  test('forwards the bytes it was given and copies none', () => {
    const bytes = bytesOf('xx5\r\nhello\r\n0\r\n\r\nyy')
    for (const [keepChunks, span] of [
      [true, [2, 12]],
      [false, [5, 10]],
    ] as const) {
      const spans: unknown[] = []
      const sink = { onBody: (...given: [Buffer, number, number]) => void spans.push(given) }
      expect(new ChunkedReader(limits, keepChunks).read(bytes, 2, bytes.length, sink)).toBe(bytes.length - 2)
      expect(spans).toEqual([[bytes, ...span]])
    }
  })
})

/** However it is cut, it is refused for this rule, and nothing invalid has gone out. */
function expectRefused(body: string, rule: RegExp, status = 400): void {
  const splits = Array.from({ length: body.length + 1 }, (_, cut) => piecesOf(body, cut))
  for (const pieces of [...splits, byteByByte(body), byteByByte(body + TRAILING), [bytesOf(body + TRAILING)]]) {
    const { decoded, kept } = readBoth(pieces)
    expect(decoded.refusal).toEqual({ kind: 'refused', status, message: expect.stringMatching(rule) })
    expect(decoded.isDone).toBe(false)
    expect(decoded.out.startsWith(dataOfForwarded(kept.out))).toBe(true)
  }
  expect(referenceChunked(body + TRAILING)).toBeUndefined()
}

describe('chunk size line', () => {
  const noSizes = [
    '',
    ' ',
    '+5',
    '-5',
    '0x5',
    'x5',
    '5_0',
    '5.0',
    '5e+1',
    'g',
    '5g',
    '"5"',
    ' 5',
    '\t5',
    '5,5',
    '\xb5',
    '5\0',
    '\0',
  ]
  test.each([...noSizes, '5\x0b', '5\x0c', '5\x1f', '5\x7f', '5\xa0', '5h', ';a', ';', '\x0b5'])(
    '%p is refused',
    (size) => {
      expectRefused(`${size}\r\nhello\r\n0\r\n\r\n`, /hexadecimal digits/)
      expectRefused(`1\r\nx\r\n${size}\r\nhello\r\n0\r\n\r\n`, /hexadecimal digits/)
    },
  )

  test('may have 13 digits and no more', () => {
    expect(readBody([bytesOf('fffffffffffff\r\nx')])).toMatchObject({ refusal: undefined, out: 'x' })
    expectAnySplit('0000000000001\r\nx\r\n0000000000000\r\n\r\n')
    for (const size of [
      '10000000000000',
      '00000000000001',
      '00000000000000',
      'ffffffffffffffff',
      '10000000000000005',
    ]) {
      expectRefused(`${size}\r\nhello\r\n0\r\n\r\n`, /at most 13 hexadecimal digits/)
    }
    expectRefused(`${'0'.repeat(300)}\r\n\r\n`, /at most 13/)
  })

  test.each([
    ['a bare LF', '5\nhello\r\n0\r\n\r\n', /hexadecimal digits/],
    ['a bare LF behind an extension', '5;a\nhello\r\n0\r\n\r\n', /control characters/],
    ['a bare CR', '5\rhello\r\n0\r\n\r\n', /end in CRLF/],
    ['CR CR LF', '5\r\r\nhello\r\n0\r\n\r\n', /end in CRLF/],
    ['a bare CR in an extension', '5;a\rb\r\nhello\r\n0\r\n\r\n', /end in CRLF/],
    ['NUL in an extension', '5;a\0\r\nhello\r\n0\r\n\r\n', /control characters/],
    ['DEL in an extension', '5;\x7f\r\nhello\r\n0\r\n\r\n', /control characters/],
    ['white space for an extension', '5 \r\nhello\r\n0\r\n\r\n', /only a semicolon/],
    ['a word behind white space', '5 a\r\nhello\r\n0\r\n\r\n', /only a semicolon/],
    ['a second size', '5 5\r\nhello\r\n0\r\n\r\n', /only a semicolon/],
    ['a bare LF in the last line', '0\n\r\n', /hexadecimal digits/],
    ['white space in the last line', '0 \r\n\r\n', /only a semicolon/],
  ])('with %s is refused', (_, body, rule) => {
    expectRefused(body, rule)
    expectRefused(`1\r\nx\r\n${body}`, rule)
  })

  test.each([
    ['nothing', '5\r\nhello5\r\nhello\r\n0\r\n\r\n'],
    ['a bare LF', '5\r\nhello\n0\r\n\r\n'],
    ['a bare CR', '5\r\nhello\r0\r\n\r\n'],
    ['more data', '5\r\nhello!\r\n0\r\n\r\n'],
    ['less data', '6\r\nhello\r\n0\r\n\r\n'],
    ['a space', '5\r\nhello \r\n0\r\n\r\n'],
  ])('is refused behind data that ends in %s', (_, body) => {
    expectRefused(body, /followed by CRLF/)
  })
})

describe('limits of a chunked body', () => {
  test.each([-1, 0, 1])('hold extensions at their maximum %d', (delta) => {
    const body = `1;${'e'.repeat(16_383 - 3 + delta)}\r\nx\r\n1 ;y\r\nz\r\n0\r\n\r\n`
    const reading = readBody([bytesOf(body)])
    if (delta <= 0) expect(reading).toMatchObject({ isDone: true, out: 'xz' })
    else expect(reading.refusal).toMatchObject({ status: 400, message: expect.stringContaining('at most 16384 bytes') })
  })

  test('hold extensions of many chunks together', () => {
    expect(readBody([bytesOf('1;\r\nx\r\n'.repeat(16_384))]).refusal).toBeUndefined()
    expect(readBody([bytesOf('1;\r\nx\r\n'.repeat(16_385))]).refusal?.message).toContain('in one body')
    expect(readBody([bytesOf(`1${' '.repeat(20_000)}`)]).refusal?.message).toContain('in one body')
  })

  const within = { maxHeadBytes: 64, maxTargetBytes: 8, maxFields: 3 }
  test.each([-1, 0, 1])('hold the trailer section at its maximum %d', (delta) => {
    const section = `X: ${'x'.repeat(57 + delta)}\r\n\r\n`
    expect(section.length).toBe(64 + delta)
    for (const pieces of [
      [bytesOf(`0\r\n${section}${TRAILING}`)],
      [...byteByByte(`0\r\n${section}`), bytesOf(TRAILING)],
    ]) {
      const reading = readBody(pieces, { within })
      if (delta <= 0) expect(reading).toMatchObject({ isDone: true, rest: TRAILING, refusal: undefined })
      else expect(reading.refusal).toMatchObject({ status: 431, message: expect.stringContaining('at most 64 bytes') })
    }
  })

  test('refuse a trailer section that does not end', () => {
    for (const pieces of [[bytesOf(`0\r\nX: ${'x'.repeat(200)}`)], byteByByte(`0\r\nX: ${'x'.repeat(200)}`)]) {
      expect(readBody(pieces, { within }).refusal).toMatchObject({ status: 431 })
    }
  })

  test.each([-1, 0, 1])('hold trailers at their maximum %d', (delta) => {
    const reading = readBody([bytesOf(`0\r\n${'T: v\r\n'.repeat(3 + delta)}\r\n`)], { within })
    if (delta <= 0) expect(reading.trailers).toHaveLength(3 + delta)
    else expect(reading.refusal).toMatchObject({ status: 431, message: expect.stringContaining('at most 3 fields') })
  })
})

describe('trailer section', () => {
  test.each([
    ['white space before a colon', 'X : y\r\n', /between a field name and its colon/],
    ['an empty name', ': y\r\n', /may not be empty/],
    ['line folding', 'X: y\r\n z\r\n', /line folding/],
    ['a bare LF', 'X: y\n', /bare LF/],
    ['a bare CR', 'X: y\rz\r\n', /followed by LF/],
    ['a bare CR for its end', 'X: y\r\n\r\0', /followed by LF|may not hold byte/],
    ['a bare CR for its beginning', '\rX: y\r\n', /followed by LF/],
    ['NUL', 'X: \0\r\n', /may not hold byte/],
    ['a broken Content-Length', 'Content-Length: x\r\n', /Content-Length/],
    ['a broken Transfer-Encoding', 'Transfer-Encoding: xchunked\r\n', /Transfer-Encoding/],
    ['a chunk behind the last', '5\r\nhello\r\n', /must have a colon/],
  ])('with %s is refused', (_, lines, rule) => {
    expectRefused(`1\r\nx\r\n0\r\n${lines}\r\n`, rule)
  })

  test('keeps order, case and repeats', () => {
    const { trailers } = readBody(piecesOf('0\r\nX-b: 1\r\nx-A:2\r\nX-b: \xff\r\n\r\n', 9, 20))
    expect(trailers).toEqual([
      ['X-b', '1'],
      ['x-A', '2'],
      ['X-b', '\xff'],
    ])
  })
})

describe('a chunked body of bounded length', () => {
  const reader = (maxBytes: number, keepChunks: boolean) => new ChunkedReader(limits, keepChunks, maxBytes)
  const read = (text: string, maxBytes: number, keepChunks: boolean): string => {
    const [one, out] = [reader(maxBytes, keepChunks), [] as string[]]
    const sink = {
      onBody: (bytes: Buffer, start: number, end: number) => void out.push(bytes.toString('latin1', start, end)),
    }
    try {
      for (const piece of byteByByte(text)) one.read(piece, 0, piece.length, sink)
      const whole = reader(maxBytes, keepChunks)
      whole.read(bytesOf(text), 0, text.length, { onBody: () => undefined })
      return `${String(one.isDone && whole.isDone)} ${out.join('')}`
    } catch (error) {
      return `${String((error as { status?: number }).status)} ${out.join('')}`
    }
  }

  test.each([true, false])('may be as long as it is, its framing not counted (kept: %p)', (keepChunks) => {
    expect(read('3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n', 5, keepChunks)).toStartWith('true ')
    expect(read('0\r\n\r\n', 0, keepChunks)).toStartWith('true ')
  })

  test.each([
    ['5\r\nabcde\r\n0\r\n\r\n', 4, '413 '],
    ['3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n', 4, '413 abc'],
    ['1\r\na\r\n1\r\nb\r\n1\r\nc\r\n0\r\n\r\n', 2, '413 ab'],
    ['fffffffffffff\r\n', 1e9, '413 '],
    ['1\r\n', 0, '413 '],
  ])('is refused as soon as %j announces more than %d', (text, maxBytes, heard) => {
    expect(read(text, maxBytes, false)).toBe(heard)
    const one = reader(maxBytes, true)
    expect(() => one.read(bytesOf(text), 0, text.length, { onBody: () => undefined })).toThrow('at most')
  })
})

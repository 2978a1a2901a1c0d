/**
 * Request smuggling: every pair of obfuscated framing fields in either order, and mutated pipelines. The codec finds the
 * same messages with the same ends as the reference, and never takes a message whose end could be read in two ways.
 */
import { describe, expect, test } from 'bun:test'
import type { HeadReading } from '../support/http1-heads.ts'
import { bytesOf } from '../support/http1-bytes.ts'
import { readRequest, readResponse } from '../support/http1-heads.ts'
import { codingLines, hostileHosts, hostileTargets, lengthLines } from '../support/http1-corpus.ts'
import { type Message, readPipeline } from '../support/http1-pipeline.ts'
import { createMutator } from '../support/http1-mutations.ts'
import { referenceChunked, referenceRequest, referenceResponse } from '../support/http1-reference.ts'

const TIMEOUT_MS = 120_000

/** The same, as the reference finds them. */
function referencePipeline(text: string): Message[] {
  const messages: Message[] = []
  let rest = text
  for (;;) {
    const head = referenceRequest(rest)
    if (head === undefined) return messages
    rest = rest.slice(head.end)
    const length = Math.max(0, head.contentLength)
    const body = head.isChunked ? referenceChunked(rest) : { data: rest.slice(0, length), end: length }
    if (body === undefined || rest.length < body.end) return messages
    messages.push({ method: head.method, target: head.target, body: body.data })
    rest = rest.slice(body.end)
  }
}

/** Accepted by the codec as by the reference, alike, and with one framing at most. */
function expectUnambiguous(text: string): void {
  const isRequest = !text.startsWith('HTTP/')
  const reading: HeadReading<object> = isRequest ? readRequest([bytesOf(text)]) : readResponse([bytesOf(text)])
  const reference = isRequest ? referenceRequest(text) : referenceResponse(text)
  const isAccepted = reading.kind === 'head'
  expect({ text, isAccepted }).toEqual({ text, isAccepted: reference !== undefined })
  if (reading.kind !== 'head' || reference === undefined) return
  const { end, ...view } = reference
  expect(reading).toMatchObject({ view, rest: text.slice(end) })
  expect(reference.isChunked && reference.contentLength !== -1).toBe(false)
}

describe('framing fields', () => {
  test.each(['POST / HTTP/1.1\r\nHost: a', 'POST / HTTP/1.0\r\nHost: a', 'HTTP/1.1 200 OK', 'HTTP/1.0 200 OK'])(
    'in every pair behind %j have one reading at most',
    (start) => {
      for (const coding of codingLines) {
        for (const length of lengthLines) {
          expectUnambiguous(`${start}\r\n${coding}\r\n${length}\r\n\r\n0\r\n\r\n`)
          expectUnambiguous(`${start}\r\n${length}\r\n${coding}\r\n\r\n0\r\n\r\n`)
        }
      }
    },
    TIMEOUT_MS,
  )

  test('of both kinds are refused however they are spelt', () => {
    const isCoding = (line: string) => /^transfer-encoding:\s*chunked\s*$/i.test(line)
    const isLength = (line: string) => /^content-length:\s*\d+\s*$/i.test(line)
    const pairs = codingLines
      .filter(isCoding)
      .flatMap((coding) => lengthLines.filter(isLength).map((length) => [coding, length]))
    expect(pairs.length).toBeGreaterThan(8)
    for (const pair of pairs) {
      for (const lines of [pair, pair.toReversed()]) {
        const text = `POST / HTTP/1.1\r\nHost: a\r\n${lines.join('\r\n')}\r\n\r\n`
        expect(readRequest([bytesOf(text)])).toMatchObject({ kind: 'refused', status: 400 })
      }
    }
  })
})

describe('hosts and targets', () => {
  test('that parsers have read differently have one reading at most', () => {
    for (const host of hostileHosts) {
      const text = `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`
      expectUnambiguous(text)
      expect(readRequest([bytesOf(text)])).toMatchObject({ kind: 'refused', status: 400 })
    }
    for (const target of hostileTargets) expectUnambiguous(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`)
  })
})

describe('pipelines', () => {
  const pipelines = [
    'POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET /2 HTTP/1.1\r\nHost: a\r\n\r\n',
    'POST /1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 31\r\n\r\nGET /x HTTP/1.1\r\nHost: evil\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n',
    'PUT /1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1d\r\n0\r\n\r\nGET /x HTTP/1.1\r\nX: \r\n\r\n\r\n0\r\nA: b\r\n\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n',
  ]

  test('as they are valid have their messages', () => {
    for (const text of pipelines) {
      expect(readPipeline(text).map((message) => message.target)).toEqual(['/1', '/2'])
      expect(readPipeline(text)).toEqual(referencePipeline(text))
    }
  })

  test.each([21, 22])(
    'mutated from seed %d have the messages that the reference finds',
    (seed) => {
      const mutator = createMutator(seed)
      for (let index = 0; index < 50_000; index += 1) {
        const text = mutator.mutate(pipelines)
        const actual = readPipeline(text)
        const expected = referencePipeline(text)
        if (!Bun.deepEquals(actual, expected)) expect({ text, messages: actual }).toEqual({ text, messages: expected })
      }
    },
    TIMEOUT_MS,
  )
})

import { describe, expect, test } from 'bun:test'
import { renderProblem, type Respondent, STRANGER } from '../../../core/inbound/own-response.ts'
import type { Problem } from '../../../core/stream/client-stream.ts'
import { bytesOf, textOf } from '../../support/http1-bytes.ts'
import { referenceResponse } from '../../support/http1-reference.ts'

const DATE = bytesOf('Date: now\r\n')

/** As bytes, one character each. */
const rendered = (problem: Problem, respondent: Respondent): string => textOf(renderProblem(problem, respondent, DATE))

const to = (facts: Partial<Respondent>): Respondent => ({ ...STRANGER, persists: true, ...facts })

describe('renderProblem', () => {
  test('is text for who says nothing of itself, and closes', () => {
    expect(rendered({ status: 400, detail: 'broken' }, STRANGER)).toBe(
      'HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 24\r\n' +
        'Cache-Control: no-store\r\nConnection: close\r\nDate: now\r\n\r\n400 Bad Request: broken\n',
    )
  })

  test.each(['application/json', 'application/problem+json', 'text/html, APPLICATION/JSON;q=0.5'])(
    'is problem details for who accepts %p',
    (accept) => {
      const [head = '', body = ''] = rendered({ status: 503, detail: 'a "b"' }, to({ accept })).split('\r\n\r\n')
      expect(head).toContain('\r\nContent-Type: application/problem+json\r\n')
      expect(JSON.parse(body)).toEqual({
        type: 'about:blank',
        title: 'Service Unavailable',
        status: 503,
        detail: 'a "b"',
      })
    },
  )

  test.each([undefined, '', '*/*', 'text/html', 'application/jsonp2'])('is text for who accepts %p', (accept) => {
    expect(rendered({ status: 404, detail: 'x' }, to({ accept }))).toContain('text/plain')
  })

  test('says nothing of a length where there is no content by its status', () => {
    const problem = { status: 204, detail: 'x', content: { type: undefined, text: '' }, lines: 'A: 1\r\n' }
    expect(rendered(problem, to({}))).toBe(
      'HTTP/1.1 204 No Content\r\nCache-Control: no-store\r\nA: 1\r\nDate: now\r\n\r\n',
    )
  })

  test('has no body for HEAD but its length', () => {
    const text = rendered({ status: 404, detail: 'x' }, to({ isHead: true }))
    expect(text).toEndWith('\r\n\r\n')
    expect(text).toContain('\r\nContent-Length: 17\r\n')
  })

  test('tells an old client that the connection stays', () => {
    expect(rendered({ status: 404, detail: 'x' }, to({ isOldClient: true }))).toContain(
      '\r\nConnection: keep-alive\r\n',
    )
    expect(rendered({ status: 404, detail: 'x' }, to({}))).not.toContain('Connection')
  })

  test('says when to come again', () => {
    expect(rendered({ status: 503, detail: 'x', retryAfterSeconds: 1 }, to({}))).toContain('\r\nRetry-After: 1\r\n')
  })

  test.each([400, 404, 408, 413, 414, 431, 500, 501, 502, 503, 504, 505, 508, 499])(
    'is valid with status %p',
    (status) => {
      for (const detail of ['', 'é€', '\r\n\r\nevil', 'x'.repeat(5000)]) {
        const text = rendered({ status, detail }, to({}))
        const head = referenceResponse(text)
        expect(head).toMatchObject({ status })
        expect(text.length - head!.end).toBe(head!.contentLength)
      }
    },
  )

  test('is content of our own where nothing went wrong', () => {
    const content = { type: 'message/http', text: 'TRACE /\xff HTTP/1.1\r\n\r\n' }
    expect(rendered({ status: 200, detail: 'x', content }, to({ accept: 'application/json' }))).toBe(
      `HTTP/1.1 200 OK\r\nContent-Type: message/http\r\nContent-Length: 21\r\nCache-Control: no-store\r\nDate: now\r\n\r\n${content.text}`,
    )
    expect(rendered({ status: 200, detail: 'x', content: { type: undefined, text: '' } }, to({}))).toBe(
      'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nCache-Control: no-store\r\nDate: now\r\n\r\n',
    )
  })
})

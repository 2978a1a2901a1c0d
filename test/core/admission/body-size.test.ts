import { describe, expect, test } from 'bun:test'
import type { Asked } from '../../../core/admission/admission.ts'
import { bodySize } from '../../../core/admission/body-size.ts'
import { parseRequest } from '../../support/http1-heads.ts'

function ask(maxBytes: number, lines: string): readonly (string | number)[] {
  const limits: number[] = []
  const asked = { client: { limitBody: (most: number) => limits.push(most) } } as unknown as Asked
  const verdict = bodySize(maxBytes).admit(asked, parseRequest(`POST / HTTP/1.1\r\nHost: a\r\n${lines}\r\n`), 0)
  return [verdict.kind === 'refused' ? verdict.problem.status : verdict.kind, ...limits]
}

describe('the size of a body', () => {
  test.each([
    ['', 0, ['admitted']],
    ['Content-Length: 0\r\n', 0, ['admitted']],
    ['Content-Length: 1\r\n', 0, [413]],
    ['Content-Length: 10\r\n', 10, ['admitted']],
    ['Content-Length: 11\r\n', 10, [413]],
    ['Content-Length: 9007199254740991\r\n', 10, [413]],
    ['Transfer-Encoding: chunked\r\n', 10, ['admitted', 10]],
  ])('told by %j, of at most %d bytes', (lines, most, heard) => {
    expect(ask(most, lines)).toEqual(heard)
  })
})

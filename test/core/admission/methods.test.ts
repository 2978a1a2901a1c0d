import { describe, expect, test } from 'bun:test'
import { allowMethods } from '../../../core/admission/methods.ts'
import { askRule, kindOf } from '../../support/asking.ts'

describe('methods', () => {
  test.each([
    ['GET /', 'admitted'],
    ['PURGE /', 'admitted'],
    ['HEAD /', 405],
    ['get /', 405],
    ['GETX /', 405],
    ['POST /', 405],
    ['OPTIONS *', 405],
  ])('of which GET and PURGE are allowed: %s', (request, expected) => {
    expect(kindOf(askRule(allowMethods(['GET', 'PURGE']), { request }))).toBe(expected)
  })

  test('that are refused are told those that are not', () => {
    expect(askRule(allowMethods(['GET', 'PURGE']), { request: 'POST /' }).verdict).toEqual({
      kind: 'refused',
      problem: { status: 405, detail: 'only GET, PURGE may be used here', lines: 'Allow: GET, PURGE\r\n' },
      reason: 'method',
    })
  })
})

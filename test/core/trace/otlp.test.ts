import { describe, expect, test } from 'bun:test'
import { rejectedBy } from '../../../core/trace/otlp.ts'

describe('what a collector did not take', () => {
  test.each([
    ['{}', undefined],
    ['', undefined],
    ['<html>', undefined],
    ['null', undefined],
    ['{"partialSuccess":null}', undefined],
    ['{"partialSuccess":{}}', undefined],
    ['{"partialSuccess":{"rejectedSpans":"0","errorMessage":"use https"}}', undefined],
    ['{"partialSuccess":{"rejectedSpans":-1}}', undefined],
    ['{"partialSuccess":{"rejectedSpans":"many"}}', undefined],
    ['{"partialSuccess":{"rejectedSpans":"2"}}', { count: 2, reason: '' }],
    ['{"partialSuccess":{"rejectedSpans":2,"errorMessage":"too old"}}', { count: 2, reason: 'too old' }],
    ['{"partialSuccess":{"rejectedSpans":2,"errorMessage":7}}', { count: 2, reason: '' }],
  ])('by %p is %p', (answer, rejection) => {
    expect(rejectedBy(answer)).toEqual(rejection)
  })

  test('is told in no more than a line', () => {
    const answer = JSON.stringify({ partialSuccess: { rejectedSpans: '1', errorMessage: 'x'.repeat(5000) } })
    expect(rejectedBy(answer)?.reason).toHaveLength(200)
  })
})

import { describe, expect, test } from 'bun:test'
import { MOST_PREVIEWS, type Preview } from '../../../core/preview/contract.ts'
import { readPreviews, renderPreviews } from '../../../core/preview/kept.ts'
import { readLifetime } from '../../../core/preview/lifetime.ts'

const preview = (host: string, until: number): Preview => ({ host, url: 'http://a', until, at: 1, origin: 'test' })

describe('kept previews', () => {
  test('are read as they were written, but for those that are over', () => {
    const kept = renderPreviews([preview('a', 10), preview('b', 11), preview('c', 12)])
    expect(readPreviews(kept, 10).map(({ host }) => host)).toEqual(['b', 'c'])
    expect(readPreviews(kept, 0)[0]).toEqual(preview('a', 10))
  })

  test('are no more than there may be', () => {
    const many = Array.from({ length: MOST_PREVIEWS + 5 }, (_, index) => preview(`a${index}`, 10))
    expect(readPreviews(renderPreviews(many), 0)).toHaveLength(MOST_PREVIEWS)
  })

  test.each([
    undefined,
    '',
    '{',
    'null',
    '[]',
    '{"format":2,"previews":[]}',
    '{"format":1,"previews":{}}',
    '{"format":1,"previews":[null,7,{},{"host":"a","url":"http://a","origin":"o","until":"9","at":1}]}',
    '{"format":1,"previews":[{"host":"a","url":7,"origin":"o","until":9,"at":1}]}',
  ])('are none in %s', (text) => {
    expect(readPreviews(text, 0)).toEqual([])
  })
})

describe('how long', () => {
  test.each([
    ['2d', 172_800_000],
    ['30d', 2_592_000_000],
    ['12h', 43_200_000],
    ['1m', 60_000],
    ['90s', 90_000],
    ['59s', undefined],
    ['31d', undefined],
    ['721h', undefined],
    ['0d', undefined],
    ['-1d', undefined],
    ['1.5d', undefined],
    ['2', undefined],
    ['', undefined],
    ['forever', undefined],
  ])('%s', (text, ms) => {
    expect(readLifetime(text)).toBe(ms as number)
  })
})

import { describe, expect, test } from 'bun:test'
import { cutMiddle, packParts, wrapWords } from '../../../cli/text/fit.ts'

describe('text that fits', () => {
  test('packs as many parts on a line as there is room for', () => {
    expect(packParts(['aa', 'bb', 'cc'], ' · ', undefined)).toEqual(['aa · bb · cc'])
    expect(packParts(['aa', 'bb', 'cc'], ' · ', 7)).toEqual(['aa · bb', '  cc'])
    expect(packParts(['aa', 'bb', 'cc'], ' · ', 1)).toEqual(['aa', '  bb', '  cc'])
    expect(packParts([], ' · ', 7)).toEqual([])
  })

  test('breaks between words, and never within one', () => {
    expect(wrapWords('one two three', 8)).toEqual(['one two', '  three'])
    expect(wrapWords('incomprehensibilities', 5)).toEqual(['incomprehensibilities'])
    expect(wrapWords('', 5)).toEqual([''])
  })

  test('cuts the middle out, and nothing where there is room', () => {
    expect(cutMiddle('localhost:8101', 14, '…')).toBe('localhost:8101')
    expect(cutMiddle('localhost:8101', 11, '…')).toBe('local…:8101')
    expect(cutMiddle('localhost:8101', 11, '~')).toHaveLength(11)
    expect(cutMiddle('localhost:8101', 0, '…')).toBe('…')
    expect(Array.from(cutMiddle('🦊'.repeat(9), 4, '…'))).toEqual(['🦊', '…', '🦊', '🦊'])
  })
})

/** DER, in bytes: what is written, and what is refused to be read. */
import { describe, expect, test } from 'bun:test'
import { context, integer, octets, oid, readAll, readOne, sequence, time, utf8 } from '../../../core/acme/der.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const bytes = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')

describe('what is written', () => {
  const cases: readonly [string, Buffer, string][] = [
    ['an empty sequence', sequence(), '3000'],
    ['zero', integer(Buffer.of(0)), '020100'],
    ['a number without its leading zeros', integer(Buffer.of(0, 0, 5)), '020105'],
    ['a number whose first bit is set, as a positive one', integer(Buffer.of(0x80)), '02020080'],
    ['an object identifier', oid('1.2.840.10045.4.3.2'), '06082a8648ce3d040302'],
    ['a context tag', context(3, utf8('a')), 'a3030c0161'],
    ['a time', time(Date.UTC(2026, 0, 2, 3, 4, 5, 999)), '170d3236303130323033303430355a'],
    ['the last time of two digits', time(Date.UTC(2049, 11, 31, 23, 59, 59)), '170d3439313233313233353935395a'],
    ['a time from 2050 on', time(Date.UTC(2050, 0, 1)), '180f32303530303130313030303030305a'],
    ['a time before 1950', time(Date.UTC(1949, 11, 31)), '180f31393439313233313030303030305a'],
  ]
  for (const [title, made, wanted] of cases) test(title, () => expect(hex(made)).toBe(wanted))

  test('lengths take as few bytes as they need', () => {
    const lengths = [0, 127, 128, 255, 256, 65_535, 65_536]
    const heads = lengths.map((length) => hex(octets(Buffer.alloc(length)).subarray(0, 5)))
    expect(heads.map((head, index) => (index === 0 ? '0400' : head))).toEqual([
      '0400',
      '047f000000',
      '0481800000',
      '0481ff0000',
      '0482010000',
      '0482ffff00',
      '0483010000',
    ])
    for (const length of lengths) expect(readOne(octets(Buffer.alloc(length))).content.length).toBe(length)
  })
})

describe('what is read', () => {
  test('values one after the other', () => {
    const [first, second, ...more] = readAll(Buffer.concat([integer(Buffer.of(7)), octets(Buffer.from('x'))]))
    expect([first?.tag, second?.content.toString(), second?.raw.length, more]).toEqual([2, 'x', 3, []])
  })

  const refused: readonly [string, string][] = [
    ['a tag alone', '30'],
    ['a length that ends outside', '30 05 00'],
    ['a length that is cut', '30 82 01'],
    ['an indefinite length', '30 80 00 00'],
    ['a length longer than it needs to be', '30 81 01 00'],
    ['a length with a leading zero', '04 82 00 80'],
    ['a length of five bytes', '04 85 00 00 00 00 01 00'],
    ['a tag of several bytes', '1f 81 00 00'],
  ]
  for (const [title, text] of refused) test(`not ${title}`, () => expect(() => readAll(bytes(text))).toThrow('no DER'))

  test('exactly one where one is wanted', () => {
    expect(() => readOne(Buffer.alloc(0))).toThrow('no single DER value')
    expect(() => readOne(bytes('3000 3000'))).toThrow('no single DER value')
  })
})

import { describe, expect, test } from 'bun:test'
import { DnsFault, readAnswer, writeQuestion } from '../../../core/names/dns-message.ts'
import { seededRandom } from '../../../core/random.ts'
import {
  a,
  answerBytes,
  cname,
  nameOf,
  pointer,
  recordBytes,
  srv,
  type WrittenAnswer,
} from '../../support/dns-bytes.ts'

const question = writeQuestion(0x1234, 'a.test', 'A')
const read = (written: WrittenAnswer) => readAnswer(answerBytes(question, written), question)

describe('a question', () => {
  test('is written in bytes', () => {
    expect(writeQuestion(0x1234, 'a.test', 'SRV').toString('hex')).toBe(
      [
        '1234', // its id
        '0100', // recursion desired
        '0001000000000001', // one question, one additional record
        '0161047465737400', // a.test
        '00210001', // SRV, IN
        '00002904d0000000000000', // EDNS(0), 1232 bytes
      ].join(''),
    )
  })

  test.each([[''], ['.'], ['a..test'], ['a.test.'], [`${'a'.repeat(64)}.test`], [Array(128).fill('a').join('.')]])(
    'is not asked about %p',
    (name) => expect(() => writeQuestion(1, name, 'A')).toThrow(DnsFault),
  )

  test('may be about a name of 255 bytes', () => {
    const name = [...Array(3).fill('a'.repeat(63)), 'a'.repeat(61)].join('.')
    expect(writeQuestion(1, name, 'A')).toHaveLength(12 + 255 + 4 + 11)
  })
})

describe('an answer', () => {
  test('tells addresses with how long they hold', () => {
    expect(read({ answers: [a('10.0.0.1', { ttl: 30 }), a('10.0.0.2')] })).toEqual({
      isTruncated: false,
      code: 0,
      answers: [
        { name: 'a.test', type: 'A', address: '10.0.0.1', ttl: 30 },
        { name: 'a.test', type: 'A', address: '10.0.0.2', ttl: 60 },
      ],
      additional: [],
    })
  })

  test('tells IPv6 addresses as they are written', () => {
    const data = Buffer.from('20010db8000000000000000000000001', 'hex')
    expect(read({ answers: [recordBytes({ type: 28, data })] }).answers).toMatchObject([{ address: '2001:db8::1' }])
  })

  test('tells aliases and services, names in lower case', () => {
    const { answers, additional } = read({
      answers: [cname('B.Test'), srv([1, 2, 8080], 'C.test'), srv([0, 0, 0], '.')],
      authority: [a('10.9.9.9')],
      additional: [a('10.0.0.3', { name: nameOf('c.test') })],
    })
    expect(answers).toMatchObject([
      { type: 'CNAME', target: 'b.test' },
      { type: 'SRV', priority: 1, weight: 2, port: 8080, target: 'c.test' },
      { type: 'SRV', target: '' },
    ])
    expect(additional).toMatchObject([{ name: 'c.test', address: '10.0.0.3' }])
  })

  test('leaves out what it does not know, types and classes', () => {
    const unknown = [recordBytes({ type: 16, data: Buffer.from('text') }), a('10.0.0.1', { group: 3 })]
    expect(read({ answers: [...unknown, a('10.0.0.2')] }).answers).toMatchObject([{ address: '10.0.0.2' }])
  })

  test('holds for no time where its time to live is below zero (RFC 2181 8)', () => {
    expect(read({ answers: [a('10.0.0.1', { ttl: 0x8000_0000 })] }).answers).toMatchObject([{ ttl: 0 }])
  })

  test('that is cut off, and says so, tells nothing', () => {
    const { isTruncated, answers } = read({ flags: 0x8380, answers: [Buffer.alloc(3)], count: 9 })
    expect([isTruncated, answers]).toEqual([true, []])
  })

  test.each([0, 2, 3, 5])('tells its code %d', (code) => expect(read({ code }).code).toBe(code))

  test('of a server that fails may leave the question out', () => {
    expect(read({ code: 2, question: Buffer.alloc(0) }).code).toBe(2)
  })

  test('may come from a server that wrote the name its own way', () => {
    const name = Buffer.concat([nameOf('A.TEST'), Buffer.of(0, 1, 0, 1)])
    expect(read({ question: name, answers: [a('10.0.0.1')] }).answers).toHaveLength(1)
  })

  test('has a name that leads to names before it', () => {
    const first = cname('b.test')
    // "c" before "test" of the question's name, which stands at 14.
    const name = Buffer.concat([Buffer.from('\u0001c'), pointer(14)])
    expect(read({ answers: [first, a('10.0.0.1', { name })] }).answers).toMatchObject([{}, { name: 'c.test' }])
  })

  const start = 12 + 8 + 4
  test.each([
    ['is empty', Buffer.alloc(0)],
    ['is a head alone', Buffer.alloc(12)],
    ['is a question', question],
    ['has another id', answerBytes(question, { id: 1 })],
    ['answers no question', answerBytes(question, { question: Buffer.alloc(0) })],
    [
      'answers another name',
      answerBytes(question, { question: Buffer.concat([nameOf('b.test'), Buffer.of(0, 1, 0, 1)]) }),
    ],
    [
      'answers another type',
      answerBytes(question, { question: Buffer.concat([nameOf('a.test'), Buffer.of(0, 28, 0, 1)]) }),
    ],
    ['tells of more records than it has', answerBytes(question, { answers: [a('10.0.0.1')], count: 2 })],
    [
      'has an address of three bytes',
      answerBytes(question, { answers: [recordBytes({ type: 1, data: Buffer.alloc(3) })] }),
    ],
    [
      'has an IPv6 address of four',
      answerBytes(question, { answers: [recordBytes({ type: 28, data: Buffer.alloc(4) })] }),
    ],
    ['has data that ends before a name', answerBytes(question, { answers: [cname('b.test', { length: 3 })] })],
    ['has data that goes on behind it', answerBytes(question, { answers: [a('10.0.0.1', { length: 400 })] })],
    ['has a name that leads to itself', answerBytes(question, { answers: [a('10.0.0.1', { name: pointer(start) })] })],
    ['has a name that leads on', answerBytes(question, { answers: [a('10.0.0.1', { name: pointer(start + 20) })] })],
    ['has a label of another kind', answerBytes(question, { answers: [a('10.0.0.1', { name: Buffer.of(0x80, 0) })] })],
    [
      'has a name longer than any may be',
      answerBytes(question, { answers: [a('10.0.0.1', { name: nameOf(Array(5).fill('a'.repeat(63)).join('.')) })] }),
    ],
  ])('is none when it %s', (_what, bytes) => expect(() => readAnswer(bytes, question)).toThrow(DnsFault))

  test('is none when two names lead to each other', () => {
    const answers = [cname('b.test', { name: pointer(start + 2) }), a('10.0.0.1')]
    expect(() => read({ answers })).toThrow(DnsFault)
  })

  test('is none when a name goes through more pointers than it may have labels', () => {
    // The first of them leads to the question's name, and each further one to the one before.
    const chainOf = (pointers: number): Buffer => {
      const chain = [pointer(12)]
      while (chain.length < pointers - 1) chain.push(pointer(start + 11 + 2 * (chain.length - 1)))
      return recordBytes({ name: Buffer.of(0), type: 16, data: Buffer.concat(chain) })
    }
    const readThrough = (pointers: number) => {
      const chain = chainOf(pointers)
      return read({ answers: [chain, a('10.0.0.1', { name: pointer(start + chain.length - 2) })] })
    }
    expect(readThrough(127).answers).toMatchObject([{ name: 'a.test', address: '10.0.0.1' }])
    expect(() => readThrough(128)).toThrow(DnsFault)
  })

  test('cut anywhere is none', () => {
    const whole = answerBytes(question, { answers: [a('10.0.0.1'), cname('b.test'), srv([1, 1, 1], 'c.test')] })
    for (let length = 0; length < whole.length; length++)
      expect(() => readAnswer(whole.subarray(0, length), question)).toThrow(DnsFault)
  })

  test('of 64 KiB is read', () => {
    const answers = Array.from({ length: 4000 }, (_, index) => a(`10.0.${index >> 8}.${index & 255}`))
    expect(read({ answers }).answers).toHaveLength(4000)
  })

  test('of any bytes is read, or is none', () => {
    const random = seededRandom(1)
    const whole = answerBytes(question, { answers: [a('10.0.0.1'), cname('b.test'), srv([1, 1, 1], 'c.test')] })
    for (let round = 0; round < 20_000; round++) {
      const bytes = Buffer.from(whole)
      for (let flips = 1 + Math.floor(random() * 4); flips > 0; flips--)
        bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256)
      try {
        readAnswer(bytes, question)
      } catch (error) {
        expect(error).toBeInstanceOf(DnsFault)
      }
    }
  })
})

import { describe, expect, test } from 'bun:test'
import { createSseReader } from '../../../core/view/sse.ts'

const stream =
  'event: hello\ndata: {"a":1}\n\n: a comment\nid: 7\nevent: frame\r\ndata: x\r\ndata: y\r\n\r\nretry: 5\n\ndata:no space\r\r'
const messages = [
  { event: 'hello', data: '{"a":1}', id: '' },
  { event: 'frame', data: 'x\ny', id: '7' },
  { event: 'message', data: 'no space', id: '7' },
]

describe('server-sent events', () => {
  test('are read whole', () => expect(createSseReader()(`${stream}x`)).toEqual(messages))

  test('are the same in pieces of any size', () => {
    for (let size = 1; size < 12; size++) {
      const read = createSseReader()
      const found: unknown[] = []
      for (let at = 0; at < stream.length; at += size) found.push(...read(stream.slice(at, at + size)))
      found.push(...read('x'))
      expect(found).toEqual(messages)
    }
  })

  test('that are not complete are not told of', () => {
    const read = createSseReader()
    expect(read('')).toEqual([])
    expect(read('event: frame\ndata: {"half')).toEqual([])
    expect(read('":1}\n')).toEqual([])
    expect(read('\n')).toEqual([{ event: 'frame', data: '{"half":1}', id: '' }])
  })

  test('never grow without bound', () => {
    const read = createSseReader()
    expect(() => {
      for (let index = 0; index < 20; index++) read('x'.repeat(1024 * 1024))
    }).toThrow('too large')
  })
})

import { describe, expect, test } from 'bun:test'
import { parseHosts } from '../../../core/names/hosts.ts'

describe('a hosts file', () => {
  test('gives each name of a line its address', () => {
    const hosts = parseHosts('127.0.0.1 localhost\n10.0.0.7\tdb  db.internal # the old one\n')
    expect([...hosts]).toEqual([
      ['localhost', ['127.0.0.1']],
      ['db', ['10.0.0.7']],
      ['db.internal', ['10.0.0.7']],
    ])
  })

  test('collects the addresses of a name, each once', () => {
    const hosts = parseHosts('::1 localhost\n127.0.0.1 localhost\n::2 localhost\n127.0.0.2 localhost\n::1 localhost')
    expect(hosts.get('localhost')).toEqual(['::1', '127.0.0.1', '::2', '127.0.0.2'])
  })

  test('takes 256 addresses of a name', () => {
    const lines = Array.from({ length: 10_000 }, (_, index) => `10.0.${index >> 8}.${index & 255} a`)
    expect(parseHosts(lines.join('\n')).get('a')).toHaveLength(256)
  })

  test('knows names in any case', () => {
    expect(parseHosts('10.0.0.1 App.Example').get('app.example')).toEqual(['10.0.0.1'])
  })

  test('passes over comments, nonsense and addresses with a zone', () => {
    const text = '# 1.2.3.4 a\n\n999.1.1.1 b\nc d\nfe80::1%lo0 e\n1.2.3.4\n0x7f.1 f\n\0\n  10.0.0.9 g\r\n'
    expect([...parseHosts(text)]).toEqual([['g', ['10.0.0.9']]])
  })
})

import { expect, test } from 'bun:test'
import { urlOf } from '../../../cli/text/reachable.ts'

test.each([
  ['0.0.0.0', 'http://127.0.0.1:80'],
  ['::', 'http://127.0.0.1:80'],
  ['::1', 'http://[::1]:80'],
  ['10.0.0.1', 'http://10.0.0.1:80'],
])('what listens on %s is reached at %s', (host, url) => expect(urlOf({ kind: 'tcp', host, port: 80 })).toBe(url))

test('a socket is reached at its path', () => expect(urlOf({ kind: 'unix', path: '/x' })).toBe('unix:/x'))

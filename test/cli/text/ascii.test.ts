import { describe, expect, test } from 'bun:test'
import { toAscii, wantsAscii } from '../../../cli/text/ascii.ts'

describe('ASCII', () => {
  test.each([
    [{}, true],
    [{ LANG: 'C' }, true],
    [{ LC_ALL: 'POSIX', LANG: 'en_US.UTF-8' }, true],
    [{ LC_ALL: '', LC_CTYPE: 'de_DE.utf8' }, false],
    [{ LANG: 'C.UTF-8' }, false],
    [{ LC_CTYPE: 'de_DE.ISO-8859-1', LANG: 'de_DE.UTF-8' }, true],
  ])('is for locales without UTF-8: %j', (env, expected) => {
    expect(wantsAscii(env)).toBe(expected)
  })

  test('stands for all that is drawn, a character for a character in columns', () => {
    for (const text of ['● healthy', '✖ unhealthy', '○', '◐', '✔ ✖', 'web · p2c', '1.05× ±2', 'CPU µs', '–']) {
      expect(toAscii(text)).toMatch(/^[\x20-\x7e]+$/)
      expect(toAscii(text)).toHaveLength(text.length)
    }
    expect(toAscii('SmartEdge’s { … } 2 → 8')).toBe("SmartEdge's { ... } 2 -> 8")
  })

  test('leaves names alone', () => {
    expect(toAscii('Zürich 東京')).toBe('Zürich 東京')
  })
})

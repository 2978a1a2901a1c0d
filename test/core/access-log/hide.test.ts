import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { hideInTarget, hiding } from '../../../core/access-log/hide.ts'

/** Whole pieces of targets, in any order: pairs, halves of them, and what separates them. */
const target = fc
  .array(fc.constantFrom('/', 'a', 'token', 'Key', 'sid', '=', '&', ';', '?', '%74oken', '%', '%zz', 'x'.repeat(70)))
  .map((pieces) => pieces.join(''))

/** The same by the book: each pair cut out, its name decoded, and nothing remembered. */
function byTheBook(text: string): string {
  const [, path = '', rest = ''] = /^([^?&;]*)(.*)$/.exec(text) ?? []
  const pairs = rest.replace(/([?&;])([^?&;=]+)=([^?&;]*)/g, (pair, separator: string, name: string) =>
    hiding([])(decoded(name)) ? `${separator}${name}=***` : pair,
  )
  return path + pairs
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}

describe('secrets in a target', () => {
  test('are hidden as by the book, whatever stood in those before', () => {
    const isHidden = hiding([])
    fc.assert(
      fc.property(target, (text) => expect(hideInTarget(text, isHidden)).toBe(byTheBook(text))),
      { numRuns: 1000 },
    )
  })

  test('of names that share a place in memory are told apart', () => {
    const isHidden = hiding(['secretly'])
    // Of one length, with the same first and last letter.
    const names = ['secretly', 'sparsely', 'secretly', 'sparsely']
    expect(names.map((name) => isHidden(name))).toEqual([true, false, true, false])
    expect(hideInTarget('/?sparsely=1&secretly=2&sparsely=3', isHidden)).toBe('/?sparsely=1&secretly=***&sparsely=3')
  })
})

/**
 * Mutated chunked bodies from fixed seeds, in one to three pieces: the reader accepts exactly what the reference accepts,
 * and what it forwards is always a valid beginning of the same data. Only ProtocolErrors are thrown.
 */
import { describe, expect, test } from 'bun:test'
import { readBody } from '../support/http1-bodies.ts'
import { fragments } from '../support/http1-corpus.ts'
import { chunkedBodies } from '../support/http1-messages.ts'
import { createMutator } from '../support/http1-mutations.ts'
import { dataOfForwarded, referenceChunked } from '../support/http1-reference.ts'
import { withoutStacks } from '../support/no-stacks.ts'

const TIMEOUT_MS = 120_000

/** Reads both ways and compares all with the reference; returns whether it was accepted. */
function check(text: string, pieces: readonly Buffer[]): boolean {
  const decoded = readBody(pieces)
  const kept = readBody(pieces, { keepChunks: true })
  const expected = referenceChunked(text)
  const actual = decoded.isDone
    ? { data: decoded.out, trailers: decoded.trailers, end: text.length - decoded.rest.length }
    : undefined
  if (!Bun.deepEquals(actual, expected)) expect({ text, read: actual }).toEqual({ text, read: expected })
  const forwarded = dataOfForwarded(kept.out)
  const isSame = decoded.isDone ? forwarded === decoded.out : decoded.out.startsWith(forwarded)
  if (!isSame || kept.isDone !== decoded.isDone || kept.rest !== decoded.rest) {
    expect({ text, kept }).toEqual({ text, kept: { ...decoded, out: decoded.out } })
  }
  return decoded.isDone
}

withoutStacks()

describe('chunked bodies', () => {
  test.each([11, 12, 13, 14, 15])(
    'mutated from seed %d are read as the reference reads them',
    (seed) => {
      const mutator = createMutator(seed)
      const count = 50_000
      let accepted = 0
      for (let index = 0; index < count; index += 1) {
        const text = mutator.mutate(chunkedBodies)
        if (check(text, mutator.cut(text))) accepted += 1
      }
      expect(accepted).toBeGreaterThan(count / 5)
      expect(accepted).toBeLessThan((count * 4) / 5)
    },
    TIMEOUT_MS,
  )

  test(
    'with a hostile fragment anywhere are read as the reference reads them',
    () => {
      for (const valid of chunkedBodies) {
        for (const fragment of fragments) {
          for (let at = 0; at <= valid.length; at += 1) {
            const text = valid.slice(0, at) + fragment + valid.slice(at)
            check(text, [Buffer.from(text, 'latin1')])
          }
        }
      }
    },
    TIMEOUT_MS,
  )
})

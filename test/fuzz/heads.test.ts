/**
 * Mutated heads from fixed seeds: the codec accepts exactly what the reference accepts, and reads the same in it. Only
 * ProtocolErrors are thrown. What is found whole is found in pieces too.
 */
import { describe, expect, test } from 'bun:test'
import { ProtocolError } from '../../core/errors.ts'
import { INCOMPLETE } from '../../core/http1/field-section.ts'
import { RequestHead } from '../../core/http1/request-head.ts'
import { ResponseHead } from '../../core/http1/response-head.ts'
import { limits } from '../support/http1-bytes.ts'
import { readRequest, readResponse } from '../support/http1-heads.ts'
import { viewRequest, viewResponse } from '../support/http1.ts'
import { fragments } from '../support/http1-corpus.ts'
import { requests, responses } from '../support/http1-messages.ts'
import { createMutator } from '../support/http1-mutations.ts'
import { referenceRequest, referenceResponse } from '../support/http1-reference.ts'
import { withoutStacks } from '../support/no-stacks.ts'

const STATUSES = new Set([400, 414, 431, 501, 505])
const TIMEOUT_MS = 120_000
/** One in so many is also fed in pieces. */
const PIECES_EVERY = 8

interface Subject {
  readonly texts: readonly string[]
  parse(bytes: Buffer): number
  view(): object
  inPieces(pieces: readonly Buffer[]): { readonly kind: string }
  reference(text: string): ({ readonly end: number } & object) | undefined
}

const request = new RequestHead(limits.maxFields)
const response = new ResponseHead(limits.maxFields)

const subjects: Readonly<Record<string, Subject>> = {
  requests: {
    texts: requests,
    parse: (bytes) => request.parse(bytes, 0, bytes.length, limits),
    view: () => viewRequest(request),
    inPieces: readRequest,
    reference: referenceRequest,
  },
  responses: {
    texts: responses,
    parse: (bytes) => response.parse(bytes, 0, bytes.length, limits),
    view: () => viewResponse(response),
    inPieces: readResponse,
    reference: referenceResponse,
  },
}

/** What the codec makes of it; undefined: refused or incomplete. */
function read(subject: Subject, bytes: Buffer): object | undefined {
  try {
    const end = subject.parse(bytes)
    return end === INCOMPLETE ? undefined : { ...subject.view(), end }
  } catch (error) {
    if (!(error instanceof ProtocolError) || !STATUSES.has(error.status)) throw error
    return undefined
  }
}

/** Compares without the cost of an assertion, then asserts what differs, for its message. */
function check(text: string, actual: object | undefined, expected: object | undefined): void {
  if (actual === undefined && expected === undefined) return
  if (actual !== undefined && expected !== undefined && Bun.deepEquals(actual, expected)) return
  expect({ text, read: actual }).toEqual({ text, read: expected })
}

function fuzz(subject: Subject, seed: number, count: number): number {
  const mutator = createMutator(seed)
  let accepted = 0
  for (let index = 0; index < count; index += 1) {
    const text = mutator.mutate(subject.texts)
    const actual = read(subject, Buffer.from(text, 'latin1'))
    check(text, actual, subject.reference(text))
    if (actual !== undefined) accepted += 1
    if (index % PIECES_EVERY !== 0) continue
    const pieces = mutator.cut(text)
    const isHead = subject.inPieces(pieces).kind === 'head'
    if (isHead !== (actual !== undefined)) expect({ text, isHead }).toEqual({ text, isHead: !isHead })
  }
  return accepted
}

withoutStacks()

describe.each(Object.entries(subjects))('%s', (_, subject) => {
  test('as they are valid are accepted', () => {
    for (const text of subject.texts) {
      const accepted = read(subject, Buffer.from(text, 'latin1'))
      expect(accepted).toMatchObject({ end: text.length })
      expect(accepted).toEqual(subject.reference(text))
    }
  })

  const seeds = [1, 2, 3, 4, 5]
  test.each(seeds)(
    'mutated from seed %d are read as the reference reads them',
    (seed) => {
      const count = 80_000
      const accepted = fuzz(subject, seed, count)
      // Mutations that spoil everything, or nothing, would prove little.
      expect(accepted).toBeGreaterThan(count / 5)
      expect(accepted).toBeLessThan((count * 4) / 5)
    },
    TIMEOUT_MS,
  )

  test(
    'with a hostile fragment anywhere are read as the reference reads them',
    () => {
      for (const valid of subject.texts) {
        for (const fragment of fragments) {
          for (let at = 0; at <= valid.length; at += 1) {
            const text = valid.slice(0, at) + fragment + valid.slice(at)
            check(text, read(subject, Buffer.from(text, 'latin1')), subject.reference(text))
          }
        }
      }
    },
    TIMEOUT_MS,
  )
})

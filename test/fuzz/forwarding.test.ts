/**
 * Mutated heads from fixed seeds, as they are forwarded: whatever is accepted is written into exactly the room that was
 * asked for it, and what was written is one valid head that asks the same, in origin-form and with the same framing.
 */
import { describe, expect, test } from 'bun:test'
import { ProtocolError } from '../../core/errors.ts'
import { dateLines } from '../../core/forward/date-line.ts'
import { forwardedForLines } from '../../core/forward/client-lines.ts'
import { requestHeadRoom, writeRequestHead } from '../../core/forward/rewrite-request.ts'
import { codingFor, responseHeadRoom, writeResponseHead } from '../../core/forward/rewrite-response.ts'
import { INCOMPLETE } from '../../core/http1/field-section.ts'
import { frameResponse } from '../../core/http1/framing.ts'
import { RequestHead } from '../../core/http1/request-head.ts'
import { ResponseHead } from '../../core/http1/response-head.ts'
import { limits } from '../support/http1-bytes.ts'
import { requests, responses } from '../support/http1-messages.ts'
import { createMutator, type Mutator } from '../support/http1-mutations.ts'
import { withoutStacks } from '../support/no-stacks.ts'

const TIMEOUT_MS = 120_000
const ADDRESS = '2001:db8:1111:2222:3333:4444:5555:6666'
const dateLine = dateLines({ wallTime: () => 1_800_000_000_000 })
const request = new RequestHead(limits.maxFields)
const response = new ResponseHead(limits.maxFields)
/** What a backend makes of the forwarded head; it is not bound by our limits. */
const within = {
  maxHeadBytes: 2 * limits.maxHeadBytes,
  maxTargetBytes: limits.maxTargetBytes,
  maxFields: 2 * limits.maxFields,
}
const readRequest = new RequestHead(within.maxFields)
const readResponse = new ResponseHead(within.maxFields)

/** Whether the head was accepted; any error but a ProtocolError goes on. */
function accepts(head: RequestHead | ResponseHead, bytes: Buffer): boolean {
  try {
    return head.parse(bytes, 0, bytes.length, limits) !== INCOMPLETE
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    return false
  }
}

/** What a request asks, in plain values; `*` and `/` of an absolute target without a path are told apart elsewhere. */
const asked = ({ method, path, query, fields }: RequestHead) => ({
  method,
  path: path === '*' ? '/' : path,
  query,
  contentLength: fields.contentLength,
  isChunked: fields.isChunked,
})

function checkRequest(text: string, mutator: Mutator): boolean {
  if (!accepts(request, Buffer.from(text, 'latin1'))) return false
  const { host } = request
  const expected = { ...asked(request), end: 0, host }
  const rewrite = {
    client: {
      address: ADDRESS,
      isTrusted: mutator.below(2) === 0,
      scheme: 'http' as const,
      forwardedFields: forwardedForLines(ADDRESS),
    },
    backendHost: 'backend.example:8080',
    isUpgrade: false,
    hiddenCookie: undefined,
    writeRequestId: (out: Buffer, at: number) => at + out.write('0123456789abcdef01234567', at, 'latin1'),
  }
  const out = Buffer.alloc(requestHeadRoom(request, rewrite))
  const end = writeRequestHead(out, 0, request, rewrite)
  const read = readRequest.parse(out, 0, end, within)
  const actual = { ...asked(readRequest), end: end - read, host: host === undefined ? undefined : readRequest.host }
  if (readRequest.authorityStart >= 0 || !Bun.deepEquals(actual, expected)) {
    expect({ text, actual }).toEqual({ text, actual: expected })
  }
  return true
}

function checkResponse(text: string): boolean {
  if (!accepts(response, Buffer.from(text, 'latin1'))) return false
  const { fields, status } = response
  const coding = codingFor(frameResponse(fields, status, false), false)
  const out = Buffer.alloc(responseHeadRoom(response))
  const end = writeResponseHead(out, 0, response, { coding, persists: false, isOldClient: false, dateLine })
  const read = readResponse.parse(out, 0, end, within)
  if (read !== end || readResponse.status !== status) {
    expect({ text, read, status: readResponse.status }).toEqual({ text, read: end, status })
  }
  return true
}

withoutStacks()

describe.each([
  ['requests', requests, checkRequest],
  ['responses', responses, checkResponse],
] as const)('forwarded %s', (_, texts, check) => {
  test.each([31, 32, 33])(
    'mutated from seed %d fit their room and are one valid head',
    (seed) => {
      const mutator = createMutator(seed)
      const count = 40_000
      let accepted = 0
      for (let index = 0; index < count; index += 1) {
        if (check(mutator.mutate(texts), mutator)) accepted += 1
      }
      expect(accepted).toBeGreaterThan(count / 5)
    },
    TIMEOUT_MS,
  )
})

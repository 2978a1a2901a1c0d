/** Responses of our own over HTTP/2: made as for HTTP/1.1, so that they are written in one place, and sent as any other. */
import type { ProtocolError } from '../errors.ts'
import { FieldSection } from '../http1/field-section.ts'
import { grpcLines } from '../http1/grpc.ts'
import { MAX_FIELDS } from '../http1/limits.ts'
import { BAD_LINE_END } from '../http1/request-head.ts'
import { ResponseHead } from '../http1/response-head.ts'
import type { Flow } from '../http2/flow.ts'
import type { BlockTarget } from '../http2/trailer-block.ts'
import type { Problem } from '../stream/client-stream.ts'
import { writeResponseBlock } from './http2-response-block.ts'
import type { Peer } from '../stream/peer.ts'
import { contentBytes, renderProblem, STRANGER } from './own-response.ts'
import type { RequestHandler } from './request-handler.ts'

const head = new ResponseHead(MAX_FIELDS)
/** Of what we have written ourselves there is nothing to bound. */
const LIMITS = { maxHeadBytes: 1 << 24, maxTargetBytes: 1 << 24, maxFields: MAX_FIELDS }

/** What a call of gRPC ends with that went wrong when its response had begun. */
export function grpcTrailers(problem: Problem): FieldSection {
  const trailers = new FieldSection(2)
  const bytes = Buffer.from(`${grpcLines(problem)}\r\n`, 'latin1')
  trailers.parse(bytes, 0, bytes.length, LIMITS)
  return trailers
}

/** What answers without a stream of its own. */
export interface Answering extends BlockTarget {
  readonly handler: Pick<RequestHandler, 'dateLine'>
  readonly flow: Flow
  readonly settings: { readonly maxFrameBytes: number; readonly initialWindow: number }
}

export interface Refusing extends Answering {
  readonly handler: Pick<RequestHandler, 'dateLine' | 'onRefusal'>
  readonly peer: Peer
}

/** Reads the head of a whole response; valid until the next call. Its content begins at `fields.end`. */
export function readOwnHead(bytes: Buffer): ResponseHead {
  head.parse(bytes, 0, bytes.length, LIMITS)
  return head
}

/** What is wrong with a head that was made of fields: how its line ends is our own doing, but for a space in its target. */
export const detailOf = ({ message }: ProtocolError): string =>
  message === BAD_LINE_END ? ':path may not hold a space' : message

/** Answers a head that is no request, or none that we take, and has that noted; false: as of `answerAlone`. */
export function refuseAlone(target: Refusing, streamId: number, problem: Problem): boolean {
  const { handler, peer } = target
  handler.onRefusal({ ...problem, peer, contentBytes: () => contentBytes(problem, STRANGER) })
  return answerAlone(target, streamId, renderProblem(problem, { ...STRANGER, persists: true }, handler.dateLine()))
}

/** Answers a request that became no stream; false: its windows have no room for that, and nothing was sent. */
export function answerAlone(target: Answering, streamId: number, bytes: Buffer): boolean {
  const { frames, settings } = target
  const own = readOwnHead(bytes)
  const start = own.fields.end
  const length = bytes.length - start
  if (length > Math.min(target.flow.sendWindow, settings.initialWindow, settings.maxFrameBytes)) return false
  writeResponseBlock(target, streamId, own, target.handler.dateLine)
  if (length > 0) {
    frames.data(streamId, bytes, start, bytes.length)
    target.flow.spend(length)
  }
  frames.endStream(streamId)
  return true
}

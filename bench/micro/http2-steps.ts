/** Cost of what a request of HTTP/2 goes through beside one of HTTP/1.1: its block, its head, the block of its response. Run: `bun bench/micro/http2-steps.ts`. */
import { bench, do_not_optimize, run, summary } from 'mitata'
import { RequestHead } from '../../core/http1/request-head.ts'
import { ResponseHead } from '../../core/http1/response-head.ts'
import { FrameWriter } from '../../core/http2/frame-writer.ts'
import { blockOf, HpackDecoder } from '../../core/http2/hpack-decoder.ts'
import { HpackEncoder } from '../../core/http2/hpack-encoder.ts'
import { RequestFields } from '../../core/http2/request-fields.ts'
import { writeResponseBlock } from '../../core/inbound/http2-response-block.ts'
import { encodeThrice } from '../h2-blocks.ts'
import { listRequestFields, profiles, renderResponse } from '../profile.ts'

const limits = { maxHeadBytes: 65_536, maxTargetBytes: 16_384, maxFields: 256 }
const nothing = Buffer.alloc(0)

for (const name of ['headers-2', 'headers-13', 'headers-40']) {
  const profile = profiles[name]
  if (profile === undefined) throw new Error(`no profile ${name}`)
  const fields = [
    [':method', 'GET'],
    [':path', '/api/items?id=0'],
    [':scheme', 'http'],
    [':authority', '127.0.0.1:8080'],
    ...listRequestFields(profile, '').slice(1),
  ] as const
  const [first, second, others] = encodeThrice(fields)
  const third = blockOf(others)
  const decoder = new HpackDecoder(4096)
  const ignored = { onField: (): void => undefined }
  // The table is filled by then.
  for (const block of [first, second]) decoder.decode(blockOf(block), ignored)

  const head = new RequestHead(limits.maxFields)
  const requestFields = new RequestFields()
  const readRequest = (): number => {
    requestFields.begin(limits, head.fields)
    decoder.decode(third, requestFields)
    const built = requestFields.finish(false, () => '')
    if (built.kind !== 'head') throw new Error(built.detail)
    head.settle(built.bytes, built.start, built.end, limits)
    return head.fields.count
  }

  const response = renderResponse(profile)
  const responseHead = new ResponseHead(limits.maxFields)
  const frames = new FrameWriter({ onFrames() {}, sendFrames() {} })
  const target = { frames, encoder: new HpackEncoder(), settings: { maxFrameBytes: 16_384 } }
  /** Writing spoils the head, so each round reads it anew. */
  const answer = (): void => {
    responseHead.parse(response, 0, response.length, limits)
    writeResponseBlock(target, 1, responseHead, () => nothing)
    frames.flush()
  }

  summary(() => {
    bench(`${name}: a request's block read`, () => decoder.decode(third, ignored))
    bench(`${name}: and made a head`, () => do_not_optimize(readRequest()))
    bench(`${name}: a response's head of HTTP/1.1 read`, () =>
      do_not_optimize(responseHead.parse(response, 0, response.length, limits)),
    )
    bench(`${name}: and made a block`, answer)
  })
}

await run()

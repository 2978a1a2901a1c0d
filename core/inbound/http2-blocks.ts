/** Field blocks of one client: read with the table that it fills, and made into what the strict parser of heads judges. */
import { ProtocolError } from '../errors.ts'
import type { FieldSection } from '../http1/field-section.ts'
import type { HttpLimits } from '../http1/limits.ts'
import { StreamFault } from '../http2/errors.ts'
import { type FieldBlock, HpackDecoder } from '../http2/hpack-decoder.ts'
import { type Built, RequestFields } from '../http2/request-fields.ts'
import { DEFAULT_TABLE_BYTES } from '../http2/settings.ts'
import { TrailerFields } from '../http2/trailer-fields.ts'

/** One head is built at a time. */
const requestFields = new RequestFields()
const IGNORED = { onField: (): void => undefined }

/** What a head costs that becomes no request for now, of what a usual request costs. */
export const COST_OF_HEAD = 1 / 8
/** No more than that is usual. */
const USUAL_BYTES = 1024

/** And what is long of it: of its block, since references of a byte each are looked up one by one, or of what that becomes. */
export const costOfBlock = (length: number): number => Math.max(0, length - USUAL_BYTES) / 2048
export const costOfBytes = (length: number): number => Math.max(0, length - USUAL_BYTES) / 16_384

export class FieldBlocks {
  private readonly decoder = new HpackDecoder(DEFAULT_TABLE_BYTES)

  /** Of a request that nobody answers: the table goes on all the same. Throws ConnectionFault, as all of these do. */
  skip(block: FieldBlock): void {
    this.decoder.decode(block, IGNORED)
  }

  /** `hasBody`: the stream goes on. `fields`: where the head's lines are added. The head is valid until the next one is read, unless it is kept. */
  readRequest(block: FieldBlock, hasBody: boolean, limits: HttpLimits, fields: FieldSection): Built {
    requestFields.begin(limits, fields)
    this.decoder.decode(block, requestFields)
    return requestFields.finish(hasBody, webSocketKey)
  }

  /** Where the head that was read last lies from now on; valid until the next one is read, unless it is kept. */
  settleHead(): { readonly bytes: Buffer; readonly start: number; readonly end: number } {
    return requestFields.settle()
  }

  /** The head that was read last is held by a stream from now on. */
  keepHead(): void {
    requestFields.keep()
  }

  /** Whether the request that was read last asks for a tunnel (RFC 8441). */
  get isExtendedConnect(): boolean {
    return requestFields.isExtendedConnect
  }

  /** The trailers of a message. Throws StreamFault. */
  readTrailers(streamId: number, block: FieldBlock, limits: HttpLimits): FieldSection {
    const fields = new TrailerFields(limits)
    this.decoder.decode(block, fields)
    try {
      return fields.finish()
    } catch (error) {
      if (error instanceof ProtocolError) throw new StreamFault(streamId, error.message)
      throw error
    }
  }
}

/** RFC 6455 4.1: 16 bytes that nobody can guess, so that no answer is kept for it. */
function webSocketKey(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('base64')
}

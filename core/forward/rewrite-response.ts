/** The head that a client gets: the backend's own bytes, minus hop-by-hop lines, with framing and persistence of this hop. */
import * as kind from '../http1/field-names.ts'
import type { BodyKind } from '../http1/framing.ts'
import type { ResponseHead } from '../http1/response-head.ts'
import { DATE_LINE_LENGTH, type DateLine } from './date-line.ts'
import { copyLines, dropTable, markNamedByConnection, markRepeats } from './forwarded-fields.ts'
import { endLine } from './line-end.ts'

/** How a response's body goes out. 'chunks': the backend's chunks as they are. 'chunking': chunks are made here. */
export type ResponseCoding = 'none' | 'length' | 'chunks' | 'chunking' | 'close'

export interface ResponseRewrite {
  readonly coding: ResponseCoding
  /** Whether the connection stays open behind it. */
  readonly persists: boolean
  /** The client speaks HTTP/1.0, which keeps a connection open only when told so. */
  readonly isOldClient: boolean
  /** Asked for when the backend has sent no Date. */
  readonly dateLine: DateLine
}

const DROPS = dropTable()
/** 1xx and 204 may say nothing of a length (RFC 9110 8.6). */
const BODILESS_DROPS = dropTable(kind.CONTENT_LENGTH)

const CHUNKED_LINE = Buffer.from('Transfer-Encoding: chunked\r\n')
const CLOSE_LINE = Buffer.from('Connection: close\r\n')
const KEEP_ALIVE_LINE = Buffer.from('Connection: keep-alive\r\n')
const UPGRADE_LINE = Buffer.from('Connection: Upgrade\r\n')

/** Room for every text of ours, some 120 bytes in all. What is written of Upgrade was left out of the copy. */
const ADDED_BYTES = 256 + DATE_LINE_LENGTH

/** Which coding serves this client: HTTP/1.0 knows no chunks, so its bodies of unknown length end with the connection. */
export function codingFor(body: BodyKind, isOldClient: boolean): ResponseCoding {
  switch (body) {
    case 'none':
      return 'none'
    case 'length':
      return 'length'
    case 'chunked':
      return isOldClient ? 'close' : 'chunks'
    case 'until-close':
      return isOldClient ? 'close' : 'chunking'
  }
}

/** An upper bound of what `writeResponseHead` writes. */
export const responseHeadRoom = (head: ResponseHead): number =>
  head.fields.end - head.start + head.added.length + ADDED_BYTES

/** Writes the head at `at`; returns the offset behind its empty line. Marks lines of `head`, so it spoils it for other use. */
export function writeResponseHead(out: Buffer, at: number, head: ResponseHead, rewrite: ResponseRewrite): number {
  const { fields, status } = head
  if (fields.connection !== 0) markNamedByConnection(fields)
  if (fields.contentLength !== -1) markRepeats(fields, kind.CONTENT_LENGTH)
  let end = copyLines(out, at, fields, head.start, status < 200 || status === 204 ? BODILESS_DROPS : DROPS)
  // "HTTP/1.x": this hop speaks HTTP/1.1 whatever the backend does.
  out[at + 7] = 0x31
  if (head.added !== '') end += out.write(head.added, end, 'latin1')
  if (status === 101 || status === 426) end = writeUpgrade(out, end, head)
  if (status >= 200) {
    if (!fields.has(kind.DATE)) end += rewrite.dateLine().copy(out, end)
    end = writeFraming(out, end, head, rewrite)
  }
  return endLine(out, end)
}

function writeFraming(out: Buffer, at: number, head: ResponseHead, rewrite: ResponseRewrite): number {
  const { coding, isOldClient, persists } = rewrite
  let end = at
  // An answer to HEAD, or a 304, may tell of the chunks that a GET would get.
  const tellsChunks = coding === 'none' && head.fields.isChunked && head.status !== 204 && !isOldClient
  if (coding === 'chunks' || coding === 'chunking' || tellsChunks) end += CHUNKED_LINE.copy(out, end)
  if (!persists) end += CLOSE_LINE.copy(out, end)
  else if (isOldClient) end += KEEP_ALIVE_LINE.copy(out, end)
  return end
}

function writeUpgrade(out: Buffer, at: number, head: ResponseHead): number {
  const protocol = head.fields.valueOf(kind.UPGRADE)
  if (protocol === undefined) return at
  // With 426 the option also stands beside "close", which is valid: two Connection lines make one list.
  const end = at + UPGRADE_LINE.copy(out, at)
  return end + out.write(`Upgrade: ${protocol}\r\n`, end, 'latin1')
}

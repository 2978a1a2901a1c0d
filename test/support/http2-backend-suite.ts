/**
 * What RFC 9113 and 7541 demand of who is answered, as cases in bytes: each is sent whole by a backend, and once more byte by
 * byte. A fault of one response must end that alone, and another that is under way is answered; one of the connection must end
 * all that is under way on it, and the next request goes over another.
 */
import { describe, expect, test } from 'bun:test'
import { data, END_HEADERS, END_STREAM, headers, settings, type Fields } from './http2.ts'
import { type Asked, type BackendEnd, http2Backend } from './http2-backend.ts'

/** What the backend is told: nothing but what is usual, that one stream is over, or that the connection is. */
type Told = 'nothing' | `RST_STREAM 1 ${string}` | `GOAWAY 0 ${string}`

/** What a backend sends as its answer to stream 1, what it is told, and how what the client is told begins or, if it is answered, goes. */
export type BackendCase = readonly [title: string, sent: string, told: Told, client: string]

export const status = (code: number | string, more: Fields = []): Fields => [[':status', String(code)], ...more]
export const head = (id: number, more: Fields = [], flags = END_HEADERS): string =>
  headers(id, status(200, more), flags)
export const answer = (id: number): string => head(id) + data(id, 'ok', END_STREAM)

export const BROKEN = 'protocol: the backend broke HTTP/2'
export const FAILED = 'protocol: '
export const ANSWERED = 'response 200, end'

const isUsual = (line: string): boolean => /^(?:SETTINGS|WINDOW_UPDATE|PING ack)/.test(line)

export interface BackendSuiteOptions {
  readonly request?: string
  /** The case begins with the first byte of the backend. */
  readonly isSilent?: boolean
}

type Backend = ReturnType<typeof http2Backend>

/** One that is asked for something. */
function begin(backend: Backend, { request, isSilent = false }: BackendSuiteOptions) {
  if (!isSilent) return backend.begin(request)
  const asked = backend.ask(request)
  const end = backend.ends[0] as BackendEnd
  end.open()
  return { ...asked, end }
}

function holds([, sent, told, client]: BackendCase, options: BackendSuiteOptions, pieceBytes: number): void {
  const backend = http2Backend()
  const { end, sink } = begin(backend, options)
  const other = backend.ask()
  end.got()
  // The other one may wait for the first byte of the backend, too.
  const isOthers = (line: string): boolean => options.isSilent === true && line.startsWith('HEADERS 3 ')
  const lines = end.send(sent, pieceBytes).filter((line) => !isUsual(line) && !isOthers(line))
  expect(lines).toEqual(told === 'nothing' ? [] : [told])
  const log = sink.log.filter((word) => word !== 'connected' && !word.startsWith('interim'))
  if (client.startsWith('response')) expect(log.join(', ')).toBe(client)
  else expect(log.at(-1)).toStartWith(client)
  const isOver = told.startsWith('GOAWAY')
  expect(end.socket.hasShut).toBe(isOver)
  if (isOver) expectLost(backend, other)
  else expectAnswered(end, 3, other)
}

function expectAnswered(end: BackendEnd, id: number, { sink }: Asked): void {
  end.send(answer(id))
  expect([sink.log.filter((word) => word !== 'connected'), sink.body]).toEqual([['response 200', 'end'], 'ok'])
}

/** With its connection, and the next request is answered over another. */
function expectLost(backend: Backend, { sink }: Asked): void {
  expect(sink.log.at(-1)).toMatch(
    /^(?:protocol: the backend (?:broke HTTP\/2|answers in HTTP\/1)|reset: the backend leaves)/,
  )
  expect(backend.counters.connections).toBe(0)
  const next = backend.ask()
  const [, end] = backend.ends
  if (end === undefined) throw new Error('the next request goes over the connection that is broken')
  end.open()
  end.send(settings())
  expectAnswered(end, 1, next)
}

/** A section of the RFC. */
export function backendSuite(section: string, cases: readonly BackendCase[], options: BackendSuiteOptions = {}): void {
  describe(section, () => {
    for (const one of cases)
      test(one[0], () => {
        holds(one, options, Infinity)
        holds(one, options, 1)
      })
  })
}

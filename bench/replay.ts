/**
 * The backend behind every contestant: answers each request with the same prepared bytes, as cheaply as Bun can, so that
 * it is never what is measured. A program: `bun bench/replay.ts [--cert=FILE --key=FILE] PROFILE PORT[,DELAY_MS] …`, where the profile `any` leaves it
 * to each request, by the first segment of its path: `/body-1m/x`.
 * Standard input takes lines: `count` prints the requests answered so far by port, as JSON; `down PORT` cuts what is
 * open there and listens no more, `up PORT` listens again; `delay PORT MS` answers after another time from now on, and
 * `fail PORT RATIO` so many of its requests with 503, drawn evenly. All but the first print `done`.
 * Not an origin for people (that is `smartedge origins`): it reads Content-Length, cuts off chunked requests, and believes
 * the rest. The first line of a response never varies.
 */
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import type { Socket, TCPSocketListener } from 'bun'
import { systemClock } from '../core/clock.ts'
import { seededRandom } from '../core/random.ts'
import { ANY_PROFILE, profiles, renderResponse } from './profile.ts'

type Listener = TCPSocketListener<State>

/** What is behind one port. */
interface Place {
  readonly port: number
  delayMs: number
  /** 0..1 of the requests. */
  failRatio: number
  answered: number
  listener: Listener | undefined
}

interface State {
  readonly place: Place
  /** The beginning of a head that has not come whole. */
  head: Buffer | undefined
  bodyBytesLeft: number
  /** To the request that is being read. */
  response: Buffer
  /** Bytes of responses not yet taken by the socket. */
  unsent: Buffer | undefined
}

const headEnd = Buffer.from('\r\n\r\n')
const { values: secured, positionals } = parseArgs({
  options: { cert: { type: 'string' }, key: { type: 'string' } },
  allowPositionals: true,
})
const [profileName = '', ...ports] = positionals
const { cert, key } = secured
const tls = cert === undefined || key === undefined ? undefined : { cert: Bun.file(cert), key: Bun.file(key) }
const profile = profiles[profileName === ANY_PROFILE ? 'headers-2' : profileName]
if (profile === undefined) throw new Error(`unknown profile ${profileName}: ${Object.keys(profiles).join(', ')}`)
const response = renderResponse(profile)
const failure = renderResponse(profile, '503 Service Unavailable')
const random = seededRandom(1)
const responses = new Map(
  profileName === ANY_PROFILE ? Object.entries(profiles).map(([name, each]) => [name, renderResponse(each)]) : [],
)

const places = new Map<number, Place>()

for (const each of ports) {
  const [port = 0, delayMs = 0] = each.split(',').map(Number)
  const place: Place = { port, delayMs, failRatio: 0, answered: 0, listener: undefined }
  place.listener = listen(place)
  places.set(port, place)
}
for await (const line of createInterface({ input: process.stdin })) process.stdout.write(`${obey(line)}\n`)

function obey(line: string): string {
  const [command, port, value] = line.split(' ')
  if (command === 'count')
    return JSON.stringify(Object.fromEntries([...places].map(([key, each]) => [key, each.answered])))
  const place = places.get(Number(port))
  if (place === undefined) return 'done'
  if (command === 'delay') place.delayMs = Number(value)
  else if (command === 'fail') place.failRatio = Number(value)
  else {
    place.listener?.stop(true)
    place.listener = command === 'up' ? listen(place) : undefined
  }
  return 'done'
}

function listen(place: Place): Listener {
  return Bun.listen<State>({
    hostname: '127.0.0.1',
    port: place.port,
    allowHalfOpen: true,
    ...(tls && { tls }),
    socket: {
      open(socket) {
        socket.data = { place, head: undefined, bodyBytesLeft: 0, response, unsent: undefined }
      },
      data: (socket, bytes) => consume(socket, bytes),
      drain: (socket) => send(socket),
      end: (socket) => void socket.end(),
      error: (socket) => socket.terminate(),
    },
  })
}

function consume(socket: Socket<State>, bytes: Buffer): void {
  const state = socket.data
  let rest = bytes
  while (rest.length > 0) {
    if (state.bodyBytesLeft > 0) {
      const taken = Math.min(state.bodyBytesLeft, rest.length)
      state.bodyBytesLeft -= taken
      rest = rest.subarray(taken)
    } else {
      if (state.head !== undefined) rest = Buffer.concat([state.head, rest])
      const end = rest.indexOf(headEnd)
      state.head = end < 0 ? rest : undefined
      if (end < 0) return
      const length = readBodyBytes(rest, end)
      if (length === undefined) return socket.terminate()
      state.bodyBytesLeft = length
      if (responses.size > 0) state.response = responseFor(rest)
      rest = rest.subarray(end + headEnd.length)
    }
    if (state.bodyBytesLeft === 0) answer(socket)
  }
}

/** GET is taken to have no body, which spares a search; undefined: chunked, which this backend does not speak. */
function readBodyBytes(bytes: Buffer, end: number): number | undefined {
  if (bytes[0] === 0x47) return 0
  const head = bytes.toString('latin1', 0, end).toLowerCase()
  if (head.includes('\r\ntransfer-encoding:')) return undefined
  return Number(head.match(/\r\ncontent-length: *(\d+)/)?.[1] ?? 0)
}

function responseFor(head: Buffer): Buffer {
  const name = /^[A-Z]+ \/([^/ ]*)/.exec(head.toString('latin1', 0, 64))?.[1]
  return (name !== undefined && responses.get(name)) || response
}

function answer(socket: Socket<State>): void {
  const { place, response } = socket.data
  place.answered += 1
  const answer = place.failRatio > 0 && random() < place.failRatio ? failure : response
  if (place.delayMs > 0) systemClock.after(place.delayMs, () => enqueue(socket, answer))
  else enqueue(socket, answer)
}

function enqueue(socket: Socket<State>, response: Buffer): void {
  const { unsent } = socket.data
  socket.data.unsent = unsent === undefined ? response : Buffer.concat([unsent, response])
  if (unsent === undefined) send(socket)
}

function send(socket: Socket<State>): void {
  const { unsent } = socket.data
  if (unsent === undefined) return
  const sent = socket.write(unsent)
  if (sent < 0 || sent >= unsent.length) socket.data.unsent = undefined
  else if (sent > 0) socket.data.unsent = unsent.subarray(sent)
}

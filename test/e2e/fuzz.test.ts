import { describe, expect, test } from 'bun:test'
import { drawIndex, type Random, seededRandom } from '../../core/random.ts'
import { startTestEdge } from '../support/edge.ts'
import { type Arrival, ok, startRawBackend } from '../support/raw-backend.ts'
import { chunked, connectTo, get, nextResponse, post, postChunks } from '../support/raw-client.ts'
import type { RawResponse } from '../support/raw-message.ts'
import { type RawPeer, turn } from '../support/raw-peer.ts'

const CLIENTS = 12
const ROUNDS = 25

/** Text that would do harm if it were ever read as a message of its own. */
const MEAN = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil0\r\n\r\nGET /evil HTTP/1.1\r\nHost: evil\r\n\r\n'

function drawText(random: Random): string {
  const size = [0, 1, 10, 1000, 40_000, 300_000][drawIndex(random, 6)]!
  return MEAN.repeat(Math.ceil(size / MEAN.length)).slice(0, size)
}

function cut(random: Random, text: string, most: number): string[] {
  const cuts = Array.from({ length: drawIndex(random, most) }, () => drawIndex(random, text.length + 1)).sort(
    (a, b) => a - b,
  )
  return [0, ...cuts].map((start, index) => text.slice(start, cuts[index] ?? text.length))
}

/** One of several in which a backend may tell what it got: same text, other framing, in one piece or many. */
async function echo(random: Random, { request, peer }: Arrival): Promise<void> {
  const text = `${request.target} ${request.body}`
  const framings = [
    () => ok(text),
    () => ok(text, 'Connection: close\r\n'),
    () => `HTTP/1.1 103 Early Hints\r\n\r\n${ok(text)}`,
    () =>
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunked(cut(random, text, 9).filter((part) => part !== ''))}`,
    () => `HTTP/1.1 200 OK\r\n\r\n${text}`,
  ]
  const framing = drawIndex(random, framings.length)
  for (const piece of cut(random, framings[framing]!(), 5)) {
    peer.send(piece)
    if (random() < 0.5) await turn()
  }
  if (framing === 4) peer.end()
}

interface Ask {
  readonly text: string
  readonly answer: string
}

function drawAsk(random: Random, path: string): Ask {
  const body = drawText(random)
  const kind = drawIndex(random, 4)
  if (kind === 0) return { text: get(path), answer: `${path} ` }
  if (kind === 1) return { text: post(body, path), answer: `${path} ${body}` }
  if (kind === 2) return { text: get(path, `Content-Length: ${body.length}\r\n`) + body, answer: `${path} ${body}` }
  const chunks = cut(random, body, 6).filter((part) => part !== '')
  return {
    text: postChunks(chunks, '', random() < 0.5 ? 'X-T: 1\r\n' : '').replace('/', path),
    answer: `${path} ${body}`,
  }
}

async function finalResponse(client: RawPeer): Promise<RawResponse> {
  const response = await nextResponse(client)
  return response.status < 200 ? finalResponse(client) : response
}

/** A connection's life: some pipelined requests in pieces, all answered, or cut at a random byte. */
async function round(random: Random, port: number, name: string): Promise<number> {
  const asks = Array.from({ length: 1 + drawIndex(random, 5) }, (_, index) => drawAsk(random, `/${name}/${index}`))
  const text = asks.map((ask) => ask.text).join('')
  const aborts = random() < 0.25
  await using client = await connectTo(port, { staysOpen: true })
  const sending = (async () => {
    for (const piece of cut(random, aborts ? text.slice(0, drawIndex(random, text.length)) : text, 8)) {
      client.send(piece)
      if (random() < 0.5) await turn()
    }
    if (aborts) client.reset()
    else if (random() < 0.3) client.end()
  })()
  if (aborts) {
    await sending
    return 0
  }
  for (const { answer } of asks) {
    const { status, body } = await finalResponse(client)
    // Compared first, since a difference of 300 kB is no help to anybody.
    if (status !== 200 || body !== answer) expect([status, body.slice(0, 200)]).toEqual([200, answer.slice(0, 200)])
  }
  await sending
  return asks.length
}

describe('random valid traffic', () => {
  test.each([1, 2, 3])(
    'is answered request by request (seed %p)',
    async (seed) => {
      const random = seededRandom(seed)
      const backends = [1, 2].map(() => startRawBackend({ answer: (arrival) => void echo(random, arrival) }))
      await using first = backends[0]!
      await using second = backends[1]!
      await using edge = await startTestEdge([first.port, second.port], {
        config: { halfClose: 'answer' },
        pool: { strategy: { use: 'random', options: undefined } },
      })
      let answered = 0
      async function live(index: number): Promise<void> {
        const own = seededRandom(1000 * seed + index)
        for (let count = 0; count < ROUNDS; count += 1) {
          const more = await round(own, edge.port, `${index}-${count}`)
          answered += more
        }
      }
      await Promise.all(Array.from({ length: CLIENTS }, (_, index) => live(index)))
      expect(answered).toBeGreaterThan(CLIENTS * ROUNDS)
      expect([edge.backend(0).failures.total, edge.backend(1).failures.total]).toEqual([0, 0])
    },
    30_000,
  )
})

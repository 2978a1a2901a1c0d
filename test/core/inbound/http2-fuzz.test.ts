/** Whatever bytes come, nothing is thrown, nothing is left behind, and what is whole is answered. Seeded: a failure comes again. */
import { describe, expect, test } from 'bun:test'
import { inBlocks, inHeads, inLine, inQueues, inStreams } from '../../../core/http2/memory.ts'
import { drawIndex, seededRandom } from '../../../core/random.ts'
import { bytesOf, textOf } from '../../support/http1-bytes.ts'
import { recordRequest } from '../../support/http1-ends.ts'
import {
  block,
  data,
  END_STREAM,
  frame,
  GET,
  get,
  goAway,
  headers,
  HELLO,
  keptBlock,
  ping,
  post,
  priority,
  reset,
  settings,
  windowUpdate,
} from '../../support/http2.ts'
import { http2Backend } from '../../support/http2-backend.ts'
import { answerOk, http2Client } from '../../support/http2-client.ts'
import { inEvent } from '../../support/memory-socket.ts'

type Random = () => number

/** One frame of a kind, with numbers that are often right. */
const KINDS: readonly ((random: Random) => string)[] = [
  (random) => get(id(random)),
  (random) => post(id(random), [['content-length', String(drawIndex(random, 20))]]),
  (random) => data(id(random), 'x'.repeat(drawIndex(random, 50)), drawIndex(random, 2)),
  (random) => headers(id(random), [['x', 'trailing']]),
  (random) => reset(id(random), drawIndex(random, 20)),
  (random) => windowUpdate(drawIndex(random, 20), drawIndex(random, 2 ** 31)),
  (random) => settings([drawIndex(random, 10), drawIndex(random, 100_000)]),
  () => ping(),
  (random) => priority(id(random), id(random)),
  () => goAway(0),
  (random) => frame(1, drawIndex(random, 256), id(random), keptBlock(GET)),
  (random) => frame(9, drawIndex(random, 256), id(random), block(GET).slice(0, drawIndex(random, 30))),
  (random) => frame(drawIndex(random, 12), drawIndex(random, 256), id(random), 'y'.repeat(drawIndex(random, 40))),
]

const id = (random: Random): number => drawIndex(random, 30)

/** What a client may say: streams that begin in order, and frames of those that are open. */
function sensible(random: Random, state: { next: number; open: number[] }): string {
  const any = (): number => state.open[drawIndex(random, state.open.length)] ?? 1
  const begin = (): number => (state.next += 2) - 2
  switch (drawIndex(random, 8)) {
    case 0:
    case 1:
      return get(begin(), [['x', 'y'.repeat(drawIndex(random, 30))]])
    case 2: {
      const streamId = begin()
      state.open.push(streamId)
      return post(streamId)
    }
    case 3:
      return state.open.length === 0 ? ping() : data(any(), 'x'.repeat(drawIndex(random, 300)))
    case 4:
      return state.open.length === 0 ? ping() : data(state.open.shift()!, 'x', END_STREAM)
    case 5:
      return state.open.length === 0 ? ping() : reset(state.open.shift()!)
    case 6:
      return windowUpdate(0, 1 + drawIndex(random, 1000))
    default:
      return settings([4, drawIndex(random, 100_000)])
  }
}

/** Mostly sensible ones, and now and then one that is not. */
function frames(random: Random): string {
  const state = { next: 1, open: [] }
  let text = ''
  for (let count = drawIndex(random, 40); count > 0; count -= 1)
    text += drawIndex(random, 30) === 0 ? KINDS[drawIndex(random, KINDS.length)]!(random) : sensible(random, state)
  return text
}

/** Some bytes are others, are not there, or are there twice. */
function mutated(text: string, random: Random): string {
  const bytes = bytesOf(text)
  for (let count = drawIndex(random, 4); count > 0 && bytes.length > 0; count -= 1)
    bytes[drawIndex(random, bytes.length)] = drawIndex(random, 256)
  const from = drawIndex(random, bytes.length + 1)
  return drawIndex(random, 4) === 0 ? textOf(bytes).slice(0, from) + textOf(bytes).slice(from + 1) : textOf(bytes)
}

const heldBytes = (): readonly number[] => [inStreams, inHeads, inQueues, inBlocks, inLine].map(({ bytes }) => bytes)

describe('a client that sends anything', () => {
  test.each(['whole frames', 'frames with faults'] as const)('is borne: %s', (what) => {
    let requests = 0
    for (let seed = 0; seed < 600; seed += 1) {
      const random = seededRandom(seed)
      const before = heldBytes()
      const client = http2Client({
        isSilent: true,
        onRequest: (stream) =>
          drawIndex(random, 2) === 0 ? answerOk(stream) : recordRequest(stream).stream.resumeBody('data'),
      })
      const text = HELLO + (what === 'whole frames' ? frames(random) : mutated(frames(random), random))
      client.send(text, 1 + drawIndex(random, 200))
      client.socket.terminate()
      client.clock.advance(100_000)
      requests += client.requests.length
      expect({ seed, held: heldBytes(), open: client.handler.counters.http2Connections }).toEqual({
        seed,
        held: before,
        open: 0,
      })
    }
    // Not all of it ends at the first frame.
    expect(requests).toBeGreaterThan(500)
  })
})

describe('a backend that sends anything', () => {
  test('is borne', () => {
    for (let seed = 0; seed < 600; seed += 1) {
      const random = seededRandom(seed)
      const before = heldBytes()
      const backend = http2Backend()
      const { end } = backend.begin()
      for (let more = drawIndex(random, 5); more > 0; more -= 1) backend.ask()
      const answers = headers(1, [[':status', '200']], 4) + data(1, 'ok', END_STREAM)
      end.send(mutated(answers + frames(random), random), 1 + drawIndex(random, 200))
      inEvent(() => backend.pool.cut())
      for (const { socket } of backend.ends) socket.terminate()
      backend.clock.advance(100_000)
      expect({ seed, held: heldBytes(), open: backend.counters.connections }).toEqual({
        seed,
        held: before,
        open: 0,
      })
    }
  })
})

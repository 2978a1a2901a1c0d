import { describe, expect, test } from 'bun:test'
import { nobody } from '../../../core/admission/admission.ts'
import { ProtocolError } from '../../../core/errors.ts'
import { classIndex, methodClasses, statusClasses } from '../../../core/observe/route-traffic.ts'
import { answers, beginExchange, connected, fails, responds } from '../../support/fake-streams.ts'

type Exchange = ReturnType<typeof beginExchange>

/** All that the route has counted: `whose status: how many`. */
function counted({ route, backends }: Exchange): string[] {
  const whose = [undefined, ...backends]
  return whose.flatMap((backend, index) => {
    const counts = route.traffic.of(backend)
    return statusClasses.flatMap((status, column) =>
      methodClasses.flatMap((method, row) => {
        const count = counts?.[classIndex(row, column)] ?? 0
        return count === 0 ? [] : [`${index === 0 ? 'own' : index} ${method} ${status}: ${count}`]
      }),
    )
  })
}

describe('an exchange is counted at its route', () => {
  test.each<[name: string, act: (exchange: Exchange) => void, expected: string]>([
    ['as answered by who answered', ({ sources }) => answers(sources[0]!.last), '1 GET 2xx: 1'],
    [
      'once, by who answered in the end',
      ({ sources }) => {
        fails(sources[0]!.last, 'timeout')
        answers(sources[1]!.last)
      },
      '2 GET 2xx: 1',
    ],
    [
      'by who had begun to answer, when that is cut',
      ({ sources }) => {
        responds(sources[0]!.last)
        fails(sources[0]!.last, 'reset')
      },
      '1 GET 2xx: 1',
    ],
    [
      "as nobody's when nobody is left",
      ({ sources }) => {
        fails(sources[0]!.last)
        fails(sources[1]!.last)
      },
      'own GET 5xx: 1',
    ],
    ['without a status when its client leaves', ({ client }) => client.sink.onClientGone(), 'own GET none: 1'],
    [
      'at who was answering when its client leaves',
      ({ sources, client }) => {
        responds(sources[0]!.last)
        client.sink.onClientGone()
      },
      '1 GET none: 1',
    ],
    [
      'as ours when its body is faulty',
      ({ client }) => client.sink.onRequestFault(new ProtocolError('no')),
      'own GET 4xx: 1',
    ],
  ])('%s', (_, act, expected) => {
    const exchange = beginExchange({ idle: [1, 1] })
    act(exchange)
    expect(counted(exchange)).toEqual([expected])
  })

  test('also when it is refused, with its time', () => {
    const exchange = beginExchange({ admission: nobody({ status: 429, detail: 'too often' }) })
    expect([counted(exchange), exchange.route.traffic.durations?.sumMs]).toEqual([['own GET 4xx: 1'], 0])
  })

  test('with its time', () => {
    const { clock, sources, route } = beginExchange({ idle: [1] })
    clock.advance(70)
    answers(sources[0]!.last)
    expect(route.traffic.durations?.sumMs).toBe(70)
  })
})

describe('an attempt is timed', () => {
  test('to its connection where that is new, to the head and in all', () => {
    const { clock, sources, backends } = beginExchange()
    const times: string[] = []
    const [backend] = backends
    Object.assign(backend!.latency, {
      recordConnect: (ms: number) => times.push(`connect ${ms}`),
      recordHead: (ms: number) => times.push(`head ${ms}`),
      record: (ms: number) => times.push(`all ${ms}`),
    })
    clock.advance(5)
    connected(sources[0]!.last)
    clock.advance(10)
    responds(sources[0]!.last)
    clock.advance(20)
    sources[0]!.last.sink?.onResponseEnd(undefined)
    expect(times).toEqual(['connect 5', 'head 15', 'all 35'])
  })

  test('over a kept connection only from then on', () => {
    const { sources, backends } = beginExchange({ idle: [1] })
    const times: string[] = []
    Object.assign(backends[0]!.latency, {
      recordConnect: () => times.push('connect'),
      recordHead: () => times.push('head'),
    })
    answers(sources[0]!.last)
    expect(times).toEqual(['head'])
  })
})

/** How far requests travel: Via and Max-Forwards. */
import { describe, expect, test } from 'bun:test'
import { startTestEdge, testPool } from '../support/edge.ts'
import { ok } from '../support/raw-backend.ts'
import { ask, connectTo, get } from '../support/raw-client.ts'
import { valuesOf } from '../support/raw-message.ts'
import { startRig } from '../support/rig.ts'

const request = (method: string, lines: string) => `${method} /p HTTP/1.1\r\nHost: a\r\n${lines}\r\n`

describe('a request in a circle', () => {
  test('is answered 508 where it comes by for the third time', async () => {
    await using test = await startTestEdge([])
    const { port } = test
    await test.apply({ pools: [testPool([port], { maxIdleConnections: 0 })] })
    await using client = await connectTo(port)
    const response = await ask(client, get())
    expect(response.status).toBe(508)
    expect(response.body).toContain('Via names this proxy twice already')
    expect(test.counters).toMatchObject({ requests: 3, badRequests: 0 })
  })

  test('is told by its Via from one that passes a second SmartEdge', async () => {
    await using rig = await startRig({ answer: ok() })
    const once = get('/', 'Via: 1.1 smartedge\r\n')
    expect((await ask(rig.client, once)).status).toBe(200)
    expect(valuesOf(rig.backend.requests[0]!, 'via')).toEqual(['1.1 smartedge', '1.1 smartedge'])
    const twice = get('/', 'Via: 1.1 smartedge, 1.1 smartedge\r\n')
    expect((await ask(rig.client, twice)).status).toBe(508)
    expect(rig.backend.requests).toHaveLength(1)
    expect((await ask(rig.client, once)).status).toBe(200)
  })
})

describe('Max-Forwards', () => {
  test('of 0 has OPTIONS and TRACE answered here', async () => {
    await using rig = await startRig({ answer: ok() })
    const options = await ask(rig.client, request('OPTIONS', 'Max-Forwards: 0\r\n'))
    expect([options.status, options.body, valuesOf(options, 'content-type')]).toEqual([200, '', []])
    const trace = await ask(rig.client, request('TRACE', 'Cookie: a=b\r\nMax-Forwards: 0\r\nVia: 1.1 x\r\n'))
    expect([trace.status, valuesOf(trace, 'content-type')]).toEqual([200, ['message/http']])
    expect(trace.body).toBe('TRACE /p HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\nVia: 1.1 x\r\n\r\n')
    expect(rig.backend.requests).toHaveLength(0)
  })

  test('is counted down on the way', async () => {
    await using rig = await startRig({ answer: ok() })
    for (const method of ['OPTIONS', 'TRACE']) await ask(rig.client, request(method, 'Max-Forwards: 5\r\n'))
    await ask(rig.client, get('/', 'Max-Forwards: 0\r\n'))
    expect(rig.backend.requests.map((arrived) => valuesOf(arrived, 'max-forwards'))).toEqual([['4'], ['4'], ['0']])
  })
})

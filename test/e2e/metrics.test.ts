import { describe, expect, test } from 'bun:test'
import { seededRandom } from '../../core/random.ts'
import { methodClasses } from '../../core/observe/route-traffic.ts'
import { judgeMetrics, judgeOpenMetrics } from '../support/metrics-judges.ts'
import { answering, ok, startRawBackend } from '../support/raw-backend.ts'
import { connectTo, nextResponse } from '../support/raw-client.ts'
import type { RawPeer } from '../support/raw-peer.ts'
import { type RunningProcess, startProcess } from '../support/running-process.ts'

const random = seededRandom(12)
const whole = (below: number): number => Math.floor(random() * below)
const oneOf = <Item>(items: readonly Item[]): Item => items[whole(items.length)] as Item

/** Of characters that a method may have (RFC 9110 5.6.2), or of those that a path may. */
const textOf = (characters: string, most: number): string =>
  Array.from({ length: 1 + whole(most) }, () => characters[whole(characters.length)]).join('')

const TOKEN = "!#$%&'*+-.^_`|~09azAZ"
const PATH = 'az09/-._~%22"\\{}'

/** One of each class that the backend may answer with. */
const STATUSES = [200, 302, 404, 500]

const request = (method: string, target: string, lines = ''): string =>
  `${method} ${target} HTTP/1.1\r\nHost: a\r\n${lines}\r\n`

/** As those send it who would have the page of metrics grow. */
function hostile(): readonly [method: string, bytes: string] {
  const method = oneOf([textOf(TOKEN, 40), 'get', 'Get', 'PROPFIND', 'GETT', 'TRACE'])
  const names = ['x-key', 'user-agent', 'x-request-id', 'traceparent', 'forwarded', 'cookie']
  const lines = `${oneOf(names)}: ${textOf(PATH, 60)}\r\nX-Status: ${200 + whole(400)}\r\n`
  const host = `${textOf('az09', 30)}.example`
  const target = `/${textOf(PATH, 80)}?${textOf(PATH, 80)}`
  return [method, `${method} ${target} HTTP/1.1\r\nHost: ${host}\r\n${lines}\r\n`]
}

async function asked(client: RawPeer, method: string, bytes: string): Promise<number> {
  client.send(bytes)
  return (await nextResponse(client, method)).status
}

const pageOf = async ({ adminUrl }: RunningProcess, accept = ''): Promise<string> =>
  (await fetch(`${adminUrl}/metrics`, { headers: { accept } })).text()

/** What is told as soon as there has been time to look, whatever clients send. */
const BY_TIME = /^smartedge_(?:loop_delay|strategy_pick)_seconds/

const seriesOf = (page: string): string[] =>
  page
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#') && !BY_TIME.test(line))
    .map((line) => line.slice(0, line.lastIndexOf(' ')))

describe('the page of metrics of a running process', () => {
  test('does not grow by what clients send, and stays valid', async () => {
    await using backend = startRawBackend({
      answer(arrival) {
        const status = /^X-Status: (\d+)/im.exec(arrival.request.head)?.[1] ?? '200'
        answering(ok().replace('200', status))(arrival)
      },
    })
    const limit = { rate: '1/h', burst: 1_000_000, by: { header: 'x-key' } }
    await using edge = await startProcess({
      pool: { backends: [`http://127.0.0.1:${backend.port}`] },
      config: { routes: [{ match: { path: '/*' }, pool: 'web', limits: [limit] }] },
    })
    await edge.event('ready')
    await using client = await connectTo(edge.port)
    // Each class of methods once, with each class of statuses.
    for (const name of methodClasses) {
      const method = name === 'other' ? 'MKCOL' : name
      for (const status of STATUSES) {
        const bytes = request(method, '/', `X-Status: ${status}\r\nContent-Length: 0\r\n`)
        expect([method, await asked(client, method, bytes)]).toEqual([method, status])
      }
    }
    const before = seriesOf(await pageOf(edge))
    for (let count = 0; count < 2000; count += 1) {
      const [method, bytes] = hostile()
      expect(await asked(client, method, bytes)).toBeGreaterThanOrEqual(200)
    }
    const page = await pageOf(edge)
    expect(seriesOf(page).toSorted()).toEqual(before.toSorted())
    expect(page).toMatch(/^smartedge_limit_keys\{.*\} \d{2,}$/m)
    expect(judgeMetrics(page)).toBe('')
    expect(judgeOpenMetrics(await pageOf(edge, 'application/openmetrics-text; version=1.0.0'))).toBe('')
  })
})

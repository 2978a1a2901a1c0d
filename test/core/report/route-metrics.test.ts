import { describe, expect, test } from 'bun:test'
import { methodClasses, RouteTraffic } from '../../../core/observe/route-traffic.ts'
import { fakeBackend, fakeEdge } from '../../support/edge-view.ts'
import { pageOf, valueOf } from '../../support/metrics-page.ts'
import { parseMetrics } from '../../support/metrics-parser.ts'

describe('metrics of routes', () => {
  test('tells of routes who answered what, and how long that took', () => {
    const backends = [fakeBackend({ id: 'a:80' }), fakeBackend({ id: 'b:80' })]
    const traffic = new RouteTraffic()
    const end = (method: string, status: number, backend?: object) =>
      traffic.end(methodClasses.indexOf(method as 'GET'), status, backend, 3)
    end('GET', 200, backends[0])
    end('GET', 200, backends[0])
    end('POST', 0, backends[0])
    end('GET', 101, backends[0])
    end('other', 404)
    end('GET', 200, fakeBackend({ id: 'gone:80' }))
    const route = { key: 'k', match: '/a*', pool: 'web', requests: 6, refused: 1, traffic }
    const other = { ...route, requests: 0, refused: 0, traffic: new RouteTraffic() }
    const edge = fakeEdge(backends, { routes: [route, other] })
    const families = parseMetrics(pageOf(edge))
    const labels = { route: '/a* to web', pool: 'web' }
    const of = (backend: string, method: string, statusClass: string) =>
      valueOf(families, 'smartedge_route_requests_total', { ...labels, backend, method, class: statusClass })
    expect([of('a:80', 'GET', '2xx'), of('a:80', 'GET', '5xx'), of('a:80', 'GET', '1xx')]).toEqual([2, 0, 1])
    expect([of('a:80', 'POST', 'none'), of('a:80', 'GET', 'none')]).toEqual([1, undefined])
    expect([of('', 'other', '4xx'), of('b:80', 'GET', '2xx')]).toEqual([1, undefined])
    expect(valueOf(families, 'smartedge_route_request_duration_seconds_count', labels)).toBe(5)
    expect(valueOf(families, 'smartedge_route_refused_total', labels)).toBe(1)
    expect(valueOf(families, 'smartedge_route_refused_total', { ...labels, route: '/a* to web #2' })).toBe(0)
  })
})

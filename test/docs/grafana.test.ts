import { describe, expect, test } from 'bun:test'
import { knownMetrics } from '../../core/report/metrics.ts'
import {
  expressionsOf,
  filledIn,
  grafanaPath,
  type Panel,
  readAlerts,
  readDashboard,
  readYaml,
  triedAlerts,
} from '../support/grafana.ts'
import { programOf } from '../support/metrics-judges.ts'

const known = new Set(knownMetrics.map(({ name }) => name))

/** Metrics that an expression names and SmartEdge has not; `up` is Prometheus' own. */
const unknownIn = (expression: string): string[] =>
  [...expression.matchAll(/\b(?:smartedge|process)_\w+/g)]
    .map(([name]) => name.replace(/(?<=_seconds)_(?:bucket|sum|count)$/, ''))
    .filter((name) => !known.has(name))

function promtool(...args: string[]): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync([programOf('promtool', 'prometheus'), ...args])
  return exitCode === 0 ? '' : `${stdout.toString()}${stderr.toString()}`
}

describe('the dashboard', () => {
  const dashboard = readDashboard()

  test('asks for metrics that there are', () => {
    const wrong = expressionsOf(dashboard).map(([where, expression]) => [where, unknownIn(expression)] as const)
    expect(wrong.filter(([, names]) => names.length > 0)).toEqual([])
    expect(wrong.length).toBeGreaterThan(100)
  })

  test('leaves no variable of its queries open', () => {
    const names = new Set(['__rate_interval', ...dashboard.templating.list.map(({ name }) => name)])
    for (const [where, expression] of expressionsOf(dashboard)) {
      const used = [...expression.matchAll(/\$\{?(\w+)/g)].map(([, name = '']) => name)
      expect([where, used.filter((name) => !names.has(name))]).toEqual([where, []])
      expect(filledIn(expression)).not.toContain('$')
    }
  })

  test('has panels of their own ids that lie beside each other, 24 columns wide', () => {
    const { panels } = dashboard
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
    const overlap = ({ gridPos: a }: Panel, { gridPos: b }: Panel) =>
      a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h
    const clashes = panels.flatMap((one, index) =>
      panels.slice(index + 1).flatMap((other) => (overlap(one, other) ? [[one.title, other.title]] : [])),
    )
    expect(clashes).toEqual([])
    expect(panels.filter(({ gridPos: { x, w } }) => x + w > 24)).toEqual([])
  })

  test('asks the data source that is chosen in it, and has nothing of the Grafana that it was made in', () => {
    const sources = dashboard.panels.flatMap(({ datasource, targets = [] }) =>
      [datasource, ...targets.map((target) => target.datasource)].filter((source) => source !== undefined),
    )
    expect(new Set(sources.map(({ type, uid }) => `${type} ${uid}`))).toEqual(new Set(['prometheus ${datasource}']))
    expect(dashboard).not.toHaveProperty('id')
    expect([dashboard.uid, dashboard.title]).toEqual(['smartedge', 'SmartEdge'])
  })
})

test('Grafana is told of the dashboard and of Prometheus in files of its first version', () => {
  expect(readYaml('provisioning/dashboards.yml')).toMatchObject({ apiVersion: 1, providers: [{ type: 'file' }] })
  expect(readYaml('provisioning/datasource.yml')).toMatchObject({
    apiVersion: 1,
    datasources: [{ type: 'prometheus' }],
  })
})

describe('the alert rules', () => {
  test('are valid, and each fires and keeps quiet as it should', () => {
    expect(promtool('check', 'rules', grafanaPath('alerts.yml'))).toBe('')
    expect(promtool('test', 'rules', grafanaPath('alerts.test.yml'))).toBe('')
    const names = new Set(readAlerts().map(({ alert }) => alert))
    const { quiet, firing } = triedAlerts()
    expect([quiet, firing]).toEqual([names, names])
  })

  test('ask for metrics that there are', () => {
    expect(readAlerts().flatMap(({ expr }) => unknownIn(expr))).toEqual([])
  })

  test('say how bad it is, where, and what to do', () => {
    for (const { alert, labels, annotations } of readAlerts()) {
      expect([alert, ['critical', 'warning'].includes(labels.severity)]).toEqual([alert, true])
      expect([alert, annotations.summary]).toEqual([alert, expect.stringContaining('$labels.instance')])
      expect([alert, annotations.description]).toEqual([alert, expect.stringMatching(/\.$/)])
    }
  })
})

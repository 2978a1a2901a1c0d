/** The dashboard and the rules of docs/grafana, as tests read them. */
import { readFileSync } from 'node:fs'

const folder = new URL('../../docs/grafana/', import.meta.url)

/** Absolute path of a file there. */
export const grafanaPath = (name: string): string => new URL(name, folder).pathname

const read = (name: string): string => readFileSync(new URL(name, folder), 'utf8')

export interface Panel {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly gridPos: { readonly h: number; readonly w: number; readonly x: number; readonly y: number }
  readonly datasource?: Datasource
  readonly targets?: readonly { readonly refId: string; readonly expr: string; readonly datasource: Datasource }[]
}

export interface Datasource {
  readonly type: string
  readonly uid: string
}

interface Variable {
  readonly name: string
  readonly type: string
  /** `label_values(SELECTOR, LABEL)`. */
  readonly definition?: string
}

export interface Dashboard {
  readonly uid: string
  readonly title: string
  readonly schemaVersion: number
  readonly panels: readonly Panel[]
  readonly templating: { readonly list: readonly Variable[] }
  readonly annotations: { readonly list: readonly { readonly name: string; readonly expr?: string }[] }
}

/** A YAML file there, as it says. */
export const readYaml = (name: string): unknown => Bun.YAML.parse(read(name))

export const readDashboard = (): Dashboard => JSON.parse(read('smartedge.json')) as Dashboard

/** Every expression of it with the panel's name and the target's letter; those of annotations, too. */
export function expressionsOf({ panels, annotations }: Dashboard): (readonly [where: string, expression: string])[] {
  return [
    ...panels.flatMap(({ id, title, targets = [] }) =>
      targets.map(({ refId, expr }) => [`${id} ${title} ${refId}`, expr] as const),
    ),
    ...annotations.list.flatMap(({ name, expr }) => (expr === undefined ? [] : [[name, expr] as const])),
  ]
}

/** What variables ask for, by name. */
export const variableQueries = ({
  templating,
}: Dashboard): (readonly [name: string, selector: string, label: string])[] =>
  templating.list.flatMap(({ name, definition = '' }) => {
    const [, selector, label] = /^label_values\((.+), (\w+)\)$/.exec(definition) ?? []
    return selector === undefined || label === undefined ? [] : [[name, selector, label] as const]
  })

/** As Grafana asks with every variable at "All", and a window that holds all there is. */
export const filledIn = (expression: string): string =>
  expression.replaceAll('$__rate_interval', '10m').replaceAll(/"\$\w+"/g, '".*"')

export interface AlertRule {
  readonly alert: string
  readonly expr: string
  readonly labels: { readonly severity: string }
  readonly annotations: { readonly summary: string; readonly description: string }
}

export const readAlerts = (): AlertRule[] =>
  (readYaml('alerts.yml') as { groups: { rules: AlertRule[] }[] }).groups.flatMap(({ rules }) => rules)

interface RuleTest {
  readonly alert_rule_test: readonly { readonly alertname: string; readonly exp_alerts: readonly unknown[] }[]
}

/** Names of alerts that `alerts.test.yml` has seen quiet, and of those that it has seen fire. */
export function triedAlerts(): { readonly quiet: ReadonlySet<string>; readonly firing: ReadonlySet<string> } {
  const { tests } = readYaml('alerts.test.yml') as { tests: RuleTest[] }
  const all = tests.flatMap((one) => one.alert_rule_test)
  const names = (isQuiet: boolean): Set<string> =>
    new Set(all.filter(({ exp_alerts: told }) => (told.length === 0) === isQuiet).map(({ alertname }) => alertname))
  return { quiet: names(true), firing: names(false) }
}

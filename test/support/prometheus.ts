/** Debian's Prometheus as a process of its own, which scrapes what a test tells it to, twice a second. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { programOf } from './metrics-judges.ts'
import { freePorts } from './ports.ts'

export interface Prometheus extends AsyncDisposable {
  /** What an expression gives now; rejects with what Prometheus has against it. */
  query(expression: string): Promise<readonly PrometheusSample[]>
  /** What a label has been among the series that a selector takes. */
  labelValues(label: string, selector: string): Promise<readonly string[]>
  /** Those that it has taken, as it evaluated them last; `state`: that of the rule as a whole. */
  rules(): Promise<readonly PrometheusRule[]>
  /** How it fared with each target last; `lastError` is empty where that was well. */
  targets(): Promise<readonly { readonly health: string; readonly lastError: string }[]>
}

export interface PrometheusSample {
  readonly metric: Readonly<Record<string, string>>
  readonly value: number
}

export interface PrometheusRule {
  readonly name: string
  readonly query: string
  readonly state: 'inactive' | 'pending' | 'firing'
  /** `unknown`: it has not been evaluated yet. */
  readonly health: 'ok' | 'err' | 'unknown'
  readonly lastError?: string
}

export interface PrometheusOptions {
  /** `host:port` of each; they are scraped as the job `smartedge`. */
  readonly targets: readonly string[]
  /** Absolute. */
  readonly ruleFiles: readonly string[]
}

/** Resolves once it answers; rejects with its own words when it ends instead. */
export async function startPrometheus({ targets, ruleFiles }: PrometheusOptions): Promise<Prometheus> {
  const program = programOf('prometheus', 'prometheus')
  const folder = mkdtempSync(join(tmpdir(), 'smartedge-prometheus-'))
  const configFile = join(folder, 'prometheus.yml')
  const global = { scrape_interval: '500ms', scrape_timeout: '500ms', evaluation_interval: '500ms' }
  const scrape = { job_name: 'smartedge', static_configs: [{ targets }] }
  // JSON is YAML, too.
  writeFileSync(configFile, JSON.stringify({ global, rule_files: ruleFiles, scrape_configs: [scrape] }))
  const [port = 0] = freePorts(1)
  const child = Bun.spawn({
    cmd: [
      program,
      `--config.file=${configFile}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=warn',
    ],
    stdout: 'ignore',
    stderr: 'pipe',
  })
  const words = new Response(child.stderr).text()
  const url = `http://127.0.0.1:${port}`
  while (!(await isReady(url)))
    if (child.exitCode !== null) throw new Error(`prometheus ended with ${child.exitCode}: ${await words}`)
  return {
    async query(query) {
      const { result } = await ask<{ result: { metric: Record<string, string>; value: [number, string] }[] }>(
        `${url}/api/v1/query?${new URLSearchParams({ query }).toString()}`,
      )
      return result.map(({ metric, value: [, text] }) => ({ metric, value: Number(text.replace('Inf', 'Infinity')) }))
    },
    labelValues: (label, selector) =>
      ask(`${url}/api/v1/label/${label}/values?${new URLSearchParams({ 'match[]': selector }).toString()}`),
    async rules() {
      const { groups } = await ask<{ groups: { rules: PrometheusRule[] }[] }>(`${url}/api/v1/rules`)
      return groups.flatMap(({ rules }) => rules)
    },
    async targets() {
      const told = await ask<{ activeTargets: { health: string; lastError: string }[] }>(`${url}/api/v1/targets`)
      return told.activeTargets
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await child.exited
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const isReady = (url: string): Promise<boolean> =>
  fetch(`${url}/-/ready`).then(
    ({ ok }) => ok,
    () => false,
  )

async function ask<Data>(url: string): Promise<Data> {
  const response = await fetch(url)
  const { data, error } = (await response.json()) as { data: Data; error?: string }
  if (error !== undefined) throw new Error(`${decodeURIComponent(new URL(url).search)}: ${error}`)
  return data
}

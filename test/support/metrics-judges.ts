/** Programs of others that say whether a page of metrics is right; none at hand fails the test, and says how to have it. */

/** What `promtool check metrics` has against a page in the text format; empty: nothing. */
export const judgeMetrics = (page: string): string =>
  judge([programOf('promtool', 'prometheus'), 'check', 'metrics'], page)

/** What the parser of Prometheus' Python client has against a page of OpenMetrics; empty: nothing. */
export const judgeOpenMetrics = (page: string): string =>
  judge([PYTHON, '-c', PARSE], page).replace(/^(?=.*No module named)/s, 'apt-get install python3-prometheus-client: ')

/** Debian's, whose packages another one does not see. */
const PYTHON = '/usr/bin/python3'

const PARSE = [
  'import sys',
  'from prometheus_client.openmetrics.parser import text_string_to_metric_families',
  'list(text_string_to_metric_families(sys.stdin.buffer.read().decode()))',
].join('\n')

function judge(command: readonly string[], input: string): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync([...command], { stdin: Buffer.from(input) })
  const said = `${stdout.toString()}${stderr.toString()}`.trim()
  return exitCode === 0 ? said : said || `exit ${exitCode}`
}

/** Throws when it is not installed. */
export function programOf(name: string, debianPackage: string): string {
  const program = Bun.which(name)
  if (program === null) throw new Error(`${name} is not installed: apt-get install ${debianPackage}`)
  return program
}

/**
 * A strict reader of Prometheus text 0.0.4, to judge ours by: throws at the first line that the format does not allow,
 * at a sample outside its family, at a family or sample seen twice, and at a histogram that does not add up.
 */
export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface Family {
  readonly name: string
  readonly type: string
  readonly samples: Sample[]
}

const labelName = '[a-zA-Z_][a-zA-Z0-9_]*'
const labelPattern = new RegExp(String.raw`^(${labelName})="((?:[^"\\\n]|\\[\\"n])*)"(,|$)`)
const samplePattern = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? ([-+]?(?:Inf|NaN|[0-9.]+(?:e[-+]?[0-9]+)?))$/s
const suffixes: Readonly<Record<string, readonly string[]>> = { histogram: ['_bucket', '_sum', '_count'] }

export function parseMetrics(text: string): Family[] {
  if (!text.endsWith('\n')) throw new Error('no newline at the end')
  const families: Family[] = []
  const seen = new Set<string>()
  const lines = text.slice(0, -1).split('\n')
  for (const [index, line] of lines.entries()) {
    const fail = (why: string) => new Error(`line ${index + 1}: ${why}: ${line}`)
    const help = /^# HELP (\S+) (.+)$/.exec(line)
    const type = /^# TYPE (\S+) (counter|gauge|histogram)$/.exec(line)
    const sample = samplePattern.exec(line)
    const key = line.slice(0, line.lastIndexOf(' '))
    if (seen.has(key) && !type) throw fail('seen before')
    seen.add(help ? `# HELP ${help[1]}` : key)
    if (help) {
      if (!lines[index + 1]?.startsWith(`# TYPE ${help[1]} `)) throw fail('help without its type')
    } else if (type) {
      if (families.some((family) => family.name === type[1])) throw fail('family twice')
      families.push({ name: type[1]!, type: type[2]!, samples: [] })
    } else if (sample) {
      const family = families.at(-1)
      const allowed = family && (suffixes[family.type] ?? ['']).map((suffix) => family.name + suffix)
      if (!allowed?.includes(sample[1]!)) throw fail('sample outside its family')
      family!.samples.push({
        name: sample[1]!,
        labels: parseLabels(sample[2] ?? '', fail),
        value: toNumber(sample[3]!),
      })
    } else throw fail('not a line of the format')
  }
  for (const family of families) if (family.type === 'histogram') checkHistogram(family)
  return families
}

function parseLabels(text: string, fail: (why: string) => Error): Record<string, string> {
  const labels: Record<string, string> = {}
  for (let rest = text; rest !== '';) {
    const match = labelPattern.exec(rest)
    if (!match) throw fail('bad label')
    const name = match[1]!
    if (Object.hasOwn(labels, name)) throw fail('label twice')
    labels[name] = match[2]!.replaceAll(/\\(.)/g, (_, letter: string) => (letter === 'n' ? '\n' : letter))
    rest = rest.slice(match[0].length)
  }
  return labels
}

const toNumber = (text: string): number => Number(text.replace('Inf', 'Infinity'))

function checkHistogram(family: Family): void {
  const series = Map.groupBy(family.samples, ({ labels }) => JSON.stringify({ ...labels, le: '' }))
  for (const samples of series.values()) {
    const buckets = samples.filter((sample) => sample.name.endsWith('_bucket'))
    const bounds = buckets.map((bucket) => toNumber(bucket.labels['le'] ?? 'NaN'))
    if (bounds.some((bound, index) => index > 0 && !(bound > bounds[index - 1]!))) throw new Error('bounds do not rise')
    if (buckets.some((bucket, index) => index > 0 && bucket.value < buckets[index - 1]!.value))
      throw new Error('counts fall')
    const count = samples.find((sample) => sample.name.endsWith('_count'))?.value
    if (bounds.at(-1) !== Infinity || buckets.at(-1)?.value !== count) throw new Error('+Inf is not the count')
  }
}

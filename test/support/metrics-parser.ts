/**
 * Strict readers of Prometheus text 0.0.4 and of OpenMetrics 1.0, to judge ours by: they throw at the first line that the
 * format does not allow, at a sample outside its family, at a family or sample seen twice, and at a histogram that does not
 * add up.
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
const histogramSuffixes = ['_bucket', '_sum', '_count']

interface Dialect {
  /** What stands above the samples of each family, in this order: `# KEYWORD family value`. */
  readonly head: readonly RegExp[]
  /** Behind the name of a family, those of its samples, by its type; none: its own name. */
  readonly suffixes: Readonly<Record<string, readonly string[]>>
}

const TEXT: Dialect = {
  head: [/^# (HELP) (\S+) (.+)$/, /^# (TYPE) (\S+) (counter|gauge|histogram)$/],
  suffixes: { histogram: histogramSuffixes },
}

const OPEN: Dialect = {
  head: [
    /^# (TYPE) (\S+) (counter|gauge|histogram|info)$/,
    /^# (UNIT) (\S+_(?=(?:seconds|bytes) )\S+) (seconds|bytes)$/,
    /^# (HELP) (\S+) ((?:[^"\\\n]|\\[\\"n])+)$/,
  ],
  suffixes: { histogram: histogramSuffixes, counter: ['_total'], info: ['_info'] },
}

export function parseMetrics(text: string): Family[] {
  if (!text.endsWith('\n')) throw new Error('no newline at the end')
  return parseLines(text.slice(0, -1).split('\n'), TEXT)
}

export function parseOpenMetrics(text: string): Family[] {
  if (!text.endsWith('\n# EOF\n')) throw new Error('no "# EOF" at the end')
  return parseLines(text.slice(0, -'\n# EOF\n'.length).split('\n'), OPEN)
}

function parseLines(lines: readonly string[], { head, suffixes }: Dialect): Family[] {
  const families: Family[] = []
  const seen = new Set<string>()
  let headLines = 0
  for (const [index, line] of lines.entries()) {
    const fail = (why: string) => new Error(`line ${index + 1}: ${why}: ${line}`)
    const sample = samplePattern.exec(line)
    const place = head.findIndex((pattern) => pattern.test(line))
    if (place !== -1) {
      const [, keyword, name = '', value = ''] = head[place]!.exec(line)!
      const isFirst = families.at(-1)?.name !== name
      if (isFirst && families.some((family) => family.name === name)) throw fail('family twice')
      if (isFirst ? place !== 0 : place < headLines) throw fail('out of order')
      if (isFirst) families.push({ name, type: '', samples: [] })
      headLines = place + 1
      if (keyword === 'TYPE') families[families.length - 1] = { name, type: value, samples: [] }
    } else if (sample) {
      const key = line.slice(0, line.lastIndexOf(' '))
      if (seen.has(key)) throw fail('seen before')
      seen.add(key)
      const family = families.at(-1)
      const allowed = family && (suffixes[family.type] ?? ['']).map((suffix) => family.name + suffix)
      if (headLines !== head.length || !allowed?.includes(sample[1]!)) throw fail('sample outside its family')
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

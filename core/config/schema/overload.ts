/** `overload`: from when on requests are shed, by the priority of their routes. */
import type { OverloadConfig } from '../config.ts'
import { defaults } from '../defaults.ts'
import { object } from '../read/containers.ts'
import { convert, type Field } from '../read/field.ts'
import { duration, type Parsed, text } from '../read/scalars.ts'
import { formatSize, parseSizeBytes } from '../read/units.ts'

type MemoryBound = NonNullable<OverloadConfig['memory']>

const { min, max } = defaults['overload.memory']
const sizes = `${formatSize(min)} to ${formatSize(max)}`

const memory = text<MemoryBound>({
  title: `size, ${sizes}, or share, 10% to 99%`,
  description:
    'Resident memory of the process beyond which requests are shed: a size, or a share of what its container allows, else of the machine’s.',
  examples: ['90%', '1GiB'],
  rule: `must be a size from ${sizes} or a share from 10% to 99%, such as "1GiB" or "90%"`,
  pattern: '^[0-9]+(\\.[0-9]+)?(%|B|KiB|MiB|GiB)$',
  parse: parseMemory,
})

function parseMemory(written: string): Parsed<MemoryBound> {
  const [, percent] = /^(\d{1,2}(?:\.\d{1,6})?)%$/.exec(written) ?? []
  if (percent !== undefined)
    return Number(percent) < 10
      ? { kind: 'fault' }
      : { kind: 'value', value: { kind: 'ratio', ratio: Number(percent) / 100 } }
  const bytes = parseSizeBytes(written)
  if (bytes === undefined || bytes < min || bytes > max) return { kind: 'fault' }
  return { kind: 'value', value: { kind: 'bytes', bytes } }
}

const body = object(
  {
    lag: duration(defaults['overload.lag'], {
      description: 'How late the event loop may come round before requests are shed.',
      examples: ['200ms'],
    }),
    memory,
  },
  {
    description:
      'What to do before anything breaks: beyond one of these bounds, for 200 ms or more, requests get 503 with Retry-After, those of the routes with the lowest `priority` first, and ever more of them for as long as it lasts. Without it nobody looks.',
    examples: [{ lag: '200ms', memory: '90%' }],
  },
)

export const overload: Field<OverloadConfig | undefined> = convert(body, ({ lag, memory: bound }, node, reading) => {
  // One that is faulty has been reported, and is none the less there.
  if (node?.children?.length === 0) reading.report(node, { rule: 'must give lag, memory or both' })
  return { lagMs: lag, memory: bound }
})

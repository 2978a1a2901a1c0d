import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { formatWarning } from '../../core/config/problems.ts'
import { parse, problemsOf, withPool } from '../core/config/read-config.ts'

const present = ['ca.pem', 'example.com.pem', 'example.com.key'].map((name) => `/app/${name}`)

/** As it stands in a page; of a part, in a pool. */
const wholeOf = (example: string): string =>
  example.includes('"pools"') ? example : JSON.stringify(withPool({ protocol: 'h2c', ...JSON.parse(example) }))

test.each([
  ['http2.md', 5],
  ['engines.md', 1],
])('docs/%s shows configurations that may be run as they stand', (page, count) => {
  const text = readFileSync(join(import.meta.dir, '../../docs', page), 'utf8')
  const examples = [...text.matchAll(/```json\n(.*?)```/gs)].map(([, example = '']) => wholeOf(example))
  expect(examples).toHaveLength(count)
  for (const example of examples) {
    expect(problemsOf(example, { present })).toEqual([])
    const parsed = parse(example, { present })
    expect(parsed.kind === 'config' && parsed.warnings.map(formatWarning)).toEqual([])
  }
})

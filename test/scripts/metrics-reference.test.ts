import { describe, expect, test } from 'bun:test'
import { renderMetricsTable } from '../../scripts/metrics-reference.ts'

describe('the table of metrics', () => {
  test('has a line for each, with its unit and what its labels may be', () => {
    const pool = { name: 'pool' }
    const result = { name: 'result', values: ['hit', 'miss'] }
    expect(
      renderMetricsTable([
        { name: 'a_total', type: 'counter', help: 'How often.', labels: [pool, result] },
        { name: 'a_seconds', type: 'histogram', help: 'How long.', labels: [] },
        { name: 'a_bytes_total', type: 'counter', help: 'How much.', labels: [] },
      ]).split('\n'),
    ).toEqual([
      '| metric | type | unit | labels | what |',
      '| --- | --- | --- | --- | --- |',
      '| `a_total` | counter |  | `pool`, `result` (`hit` `miss`) | How often. |',
      '| `a_seconds` | histogram | seconds |  | How long. |',
      '| `a_bytes_total` | counter | bytes |  | How much. |',
    ])
  })

  test('is empty but for its head where there are none', () => {
    expect(renderMetricsTable([]).split('\n')).toHaveLength(2)
  })
})

import { describe, expect, test } from 'bun:test'
import { area, gauge, heat, sparkline, squeeze } from '../../../cli/top/chart.ts'
import { heatmap, histogram } from '../../../cli/top/distribution-chart.ts'
import type { Line } from '../../../cli/top/line.ts'
import { createTheme } from '../../../cli/top/theme.ts'

const theme = createTheme({ palette: 'none', ascii: false })
const textOf = (line: Line) => line.map(({ text }) => text).join('')
const bounds = Array.from({ length: 113 }, (_, index) => 2 ** (index / 4) / 1000)

describe('curves', () => {
  test('have the newest value at the right', () => {
    expect(sparkline([0, 1, 2, 4, 8], 5, theme)).toBe(' ▁▂▄█')
    expect(sparkline([8], 4, theme)).toBe('   █')
    expect(sparkline([1, 2, 3, 4, 5], 2, theme)).toBe('▆█')
    expect(sparkline([], 3, theme)).toBe('   ')
    expect(sparkline([0, 0], 2, theme)).toBe('  ')
  })

  test('fill several rows, and show what is next to nothing', () => {
    const rows = area([16, 8, 0.01, 0], { width: 4, height: 2, role: 'bar' }, theme).map(textOf)
    expect(rows).toEqual(['█   ', '██▁ '])
  })

  test('are squeezed by means, no value lost', () => {
    expect(squeeze([1, 3, 5, 7], 2)).toEqual([2, 6])
    expect(squeeze([1, 2], 5)).toEqual([1, 2])
    const squeezed = squeeze(
      Array.from({ length: 900 }, () => 1),
      77,
    )
    expect(squeezed).toHaveLength(77)
    expect(squeezed.every((value) => value === 1)).toBe(true)
  })

  test('gauges stay in their frame', () => {
    for (const ratio of [-1, 0, 0.5, 1, 9, Number.NaN]) expect(textOf(gauge(ratio, 10, theme))).toHaveLength(10)
  })

  test('heat tells nothing from a little', () => {
    expect([0, 0.001, 0.2, 0.5, 1].map((ratio) => heat(ratio, theme).text)).toEqual([' ', '░', '▒', '▓', '█'])
  })
})

describe('distributions', () => {
  const size = { width: 60, height: 8 }

  test('stay in their frame, whatever there is to show', () => {
    for (const counts of [[], [40, 1], [0, 5, 112, 5], [40, 1e9, 41, 1], [30, 1, 50, 2, 70, 3]]) {
      for (const other of [undefined, [], [60, 3]]) {
        const rows = histogram({ counts, other, bounds, ...size }, theme)
        expect(rows).toHaveLength(size.height)
        for (const row of rows) expect(textOf(row).length).toBeLessThanOrEqual(size.width)
      }
      const rows = heatmap({ columns: [counts, [], counts], bounds, ...size }, theme)
      for (const row of rows) expect(textOf(row)).toHaveLength(size.width)
    }
  })

  test('mark the second series where it is higher and lower', () => {
    const rows = histogram({ counts: [40, 3, 44, 1], other: [40, 1, 44, 3], bounds, ...size }, theme).map(textOf)
    expect(rows.join('')).toContain('◆')
    expect(rows.join('')).toContain('█')
    expect(rows[0]).toContain('75 %')
  })

  test('show a slow minority as a second band', () => {
    const column = [40, 90, 60, 10]
    const rows = heatmap(
      { columns: Array.from({ length: 30 }, () => column), bounds, width: 40, height: 10 },
      theme,
    ).map(textOf)
    const bands = rows.filter((row) => /[░▒▓█]/.test(row))
    expect(bands).toHaveLength(2)
    expect(rows.indexOf(bands[0] ?? '')).toBeLessThan(rows.indexOf(bands[1] ?? '') - 3)
  })

  test('show more seconds than columns without losing one', () => {
    const rows = heatmap(
      { columns: Array.from({ length: 900 }, (_, second) => (second === 450 ? [40, 1] : [])), bounds, ...size },
      theme,
    )
    expect(
      rows
        .map(textOf)
        .join('')
        .match(/[░▒▓█]/g),
    ).toHaveLength(1)
  })
})

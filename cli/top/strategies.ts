/** Screen 6: which algorithm each pool uses, from which file and version, what a pick costs, and its faults. */
import type { PoolFrame } from '../../core/report/frame.ts'
import { printable } from '../text/text.ts'
import { clockTime } from '../../core/view/format.ts'
import { type Column, grid, toned } from './grid.ts'
import { type Line, panel, span } from './line.ts'
import { baseName } from './overview.ts'
import { cursorOf, poolRows } from './rows.ts'
import type { View } from './view.ts'

const columns: readonly Column<PoolFrame>[] = [
  { title: 'pool', width: 16, cells: ({ name }) => span(printable(name), 'title') },
  {
    title: 'strategy',
    width: 18,
    cells: ({ strategy }) => toned(printable(baseName(strategy.use)), strategy.reverted && 'bad'),
  },
  { title: 'file', width: 0, from: 90, cells: ({ strategy }) => span(printable(strategy.file ?? 'shipped'), 'dim') },
  { title: 'version', width: 10, from: 70, cells: ({ strategy }) => span(printable(strategy.version ?? '-'), 'dim') },
  { title: 'pick', width: 8, align: 'right', cells: ({ strategy }) => pickText(strategy.nsPerPick) },
  {
    title: 'faults',
    width: 6,
    align: 'right',
    cells: ({ strategy }) => toned(String(strategy.faults), strategy.faults > 0 && 'bad'),
  },
  {
    title: 'since',
    width: 9,
    from: 70,
    align: 'right',
    cells: ({ strategy }) => span(strategy.swappedAt === null ? '-' : clockTime(strategy.swappedAt), 'dim'),
  },
]

const pickText = (ns: number | null): string => (ns === null ? '-' : `${Math.round(ns)} ns`)

export function strategiesLines(view: View): Line[] {
  const { state, width, height, theme } = view
  const rows = poolRows(state)
  const cursor = cursorOf(state)
  const chosen = rows[cursor]
  const detailHeight = 6
  const lines = grid(
    { columns, rows, cursor, width: width - 2, height: height - detailHeight - 2, screenWidth: width },
    theme,
  )
  return [
    ...panel(lines, { title: 'strategies', note: 't switches', width, height: height - detailHeight }, theme),
    ...panel(
      chosen ? detail(chosen) : [],
      { title: chosen ? printable(chosen.name) : '', width, height: detailHeight },
      theme,
    ),
  ]
}

function detail({ strategy, backends }: PoolFrame): Line[] {
  const fact = (label: string, value: string): Line => [span(` ${label.padEnd(11)}`, 'dim'), span(printable(value))]
  return [
    fact('configured', strategy.use),
    fact('file', strategy.file ?? 'shipped with SmartEdge'),
    strategy.reverted
      ? fact('stands in', strategy.revertedBecause ?? 'for a version that failed')
      : fact('ranks', `${backends.length} backends`),
    fact('last fault', strategy.lastFault ?? 'none'),
  ]
}

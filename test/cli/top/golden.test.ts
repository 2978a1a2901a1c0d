// Every screen as text, at three sizes, held in files.
import { describe, expect, test } from 'bun:test'
import { pictureOf } from '../../../cli/top/picture.ts'
import type { UiState } from '../../../cli/top/state.ts'
import { createTheme } from '../../../cli/top/theme.ts'
import { fillGuide, pictureText } from '../../support/top-guide.ts'
import { pictures } from '../../support/top-pictures.ts'
import { sampleState } from '../../support/ui-state.ts'

const plain = createTheme({ palette: 'none', ascii: false })
const ascii = createTheme({ palette: 'none', ascii: true })

const linesOf = (state: UiState, columns: number, rows: number, theme = plain): string[] =>
  pictureOf(state, { columns, rows, theme }).map((line) => Bun.stripANSI(line))

describe('the guide', () => {
  test('shows the pictures as they are now', async () => {
    const guide = await Bun.file(new URL('../../../docs/top.md', import.meta.url)).text()
    expect(fillGuide(guide)).toBe(guide)
    expect(guide.match(/^```text$/gm)?.length).toBeGreaterThan(5)
  })
})

describe('pictures of top', () => {
  for (const picture of pictures) {
    const { name, columns, rows } = picture
    test(`${name} is as held in golden/`, async () => {
      const text = pictureText(picture)
      // `bun scripts/capture-top.ts` writes them afresh; look at the difference before you commit it.
      expect(text).toBe(await Bun.file(new URL(`./golden/${name}.txt`, import.meta.url)).text())
      expect(text.split('\n')).toHaveLength(rows)
      for (const line of text.split('\n')) expect(Array.from(line).length).toBeLessThanOrEqual(columns)
    })
  }

  test('draw nothing but ASCII where nothing else can be shown', () => {
    for (const { state } of pictures)
      for (const line of linesOf(state(), 100, 30, ascii)) expect(line).toMatch(/^[\x20-\x7e]*$/)
  })

  test('say in one line that the window is too small', () => {
    for (const [columns, rows] of [
      [59, 24],
      [80, 19],
      [1, 1],
    ] as const) {
      const lines = linesOf(sampleState(), columns, rows)
      expect(lines).toEqual([`smartedge top needs 60x20, this is ${columns}x${rows}`.slice(0, columns)])
    }
  })

  test('fill windows of any size without running over', () => {
    for (const [columns, rows] of [
      [60, 20],
      [60, 50],
      [69, 21],
      [79, 23],
      [80, 20],
      [101, 24],
      [180, 50],
    ] as const) {
      for (const { name, state } of pictures) {
        const lines = linesOf(state(), columns, rows)
        expect([name, lines.length]).toEqual([name, rows])
        for (const line of lines)
          expect([name, columns, line, Array.from(line).length <= columns]).toEqual([name, columns, line, true])
      }
    }
  })
})

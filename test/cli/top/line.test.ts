import { describe, expect, test } from 'bun:test'
import { beside, cell, fit, type Line, paintLine, panel, select, span, spread, widthOf } from '../../../cli/top/line.ts'
import { createTheme, greyTheme } from '../../../cli/top/theme.ts'

const plain = createTheme({ palette: 'none', ascii: false })
const textOf = (line: Line) => line.map(({ text }) => text).join('')

describe('lines', () => {
  test('are cut or filled to exactly the width, the cut shown', () => {
    const line = [span('ab', 'good'), span('cdef')]
    expect(textOf(fit(line, 8))).toBe('abcdef  ')
    expect(textOf(fit(line, 6))).toBe('abcdef')
    expect(textOf(fit(line, 4))).toBe('abc…')
    expect(textOf(fit(line, 1))).toBe('…')
    expect(fit(line, 0)).toEqual([])
    expect(textOf(fit([], 3))).toBe('   ')
    for (let width = 0; width < 20; width++) expect(widthOf(fit(line, width))).toBe(width)
  })

  test('count characters, not their halves', () => expect(textOf(fit([span('😀é'), span('xyz')], 3))).toBe('😀é…'))

  test('stand at both ends, the left one giving way', () => {
    expect(textOf(spread([span('left')], [span('right')], 12))).toBe('left   right')
    expect(textOf(spread([span('left')], [span('right')], 7))).toBe('l…right')
    expect(textOf(spread([span('left')], [span('right')], 3))).toBe('le…')
  })

  test('stand beside each other though one block is shorter', () => {
    expect(beside([[span('aa')], [span('bb')]], [[span('c')]]).map(textOf)).toEqual(['aac', 'bb '])
    expect(beside()).toEqual([])
  })

  test('carry codes of their own, and the cursor’s over all of them', () => {
    const theme = createTheme({ palette: 'basic', ascii: false })
    expect(paintLine([span('a', 'good'), span('b'), span('', 'bad')], theme)).toBe('\u001B[32ma\u001B[39mb')
    expect(paintLine(select([span('a', 'good')]), theme)).toBe('\u001B[7m\u001B[32ma\u001B[39m\u001B[27m')
    expect(paintLine([span('a', 'good')], greyTheme(theme))).toBe('\u001B[2ma\u001B[22m')
  })

  test('let no name reach the terminal, and keep its columns', () => {
    expect(paintLine([span('a\u001B[2J\u009Bb')], plain)).toBe('a [2J b')
  })
})

describe('cells', () => {
  test('are exactly as wide as they must be', () => {
    expect(cell('ab', 4)).toBe('ab  ')
    expect(cell('ab', 4, 'right')).toBe('  ab')
    expect(cell('abcdef', 4)).toBe('abc…')
    expect(cell('abc', 0)).toBe('')
    expect(cell('abc', -1)).toBe('')
  })
})

describe('panels', () => {
  const draw = (width: number, height: number, note = 'note') =>
    panel([[span('one')], [span('two')]], { title: 'title', note, width, height }, plain).map(textOf)

  test('frame what fits', () => {
    expect(draw(20, 4)).toEqual([
      '╭─ title ─── note ─╮',
      '│one               │',
      '│two               │',
      '╰──────────────────╯',
    ])
    expect(draw(20, 3)).toHaveLength(3)
  })

  test('drop the note, then cut the title, in little room', () => {
    expect(draw(13, 3)[0]).toBe('╭─ title ───╮')
    expect(draw(9, 3)[0]).toBe('╭─ ti… ─╮')
    for (const width of [6, 7, 8, 12, 15, 40])
      for (const row of draw(width, 4)) expect(Array.from(row)).toHaveLength(width)
  })
})

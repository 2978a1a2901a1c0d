// Screens of top as lines of text, each with the data that shows its rule.
import { describe, expect, test } from 'bun:test'
import { eventsLines, wrap } from '../../../cli/top/events.ts'
import { grid } from '../../../cli/top/grid.ts'
import type { Line } from '../../../cli/top/line.ts'
import { overview } from '../../../cli/top/overview.ts'
import { backendRows } from '../../../cli/top/rows.ts'
import type { UiState } from '../../../cli/top/state.ts'
import { createTheme } from '../../../cli/top/theme.ts'
import type { Message } from '../../../cli/top/update.ts'
import { backendFrame, frameOf, poolFrame } from '../../support/feed-frames.ts'
import { keys, play, sampleState } from '../../support/ui-state.ts'

const theme = createTheme({ palette: 'none', ascii: false })
const view = (state: UiState, width = 80, height = 20) => ({ state, width, height, theme })
const textOf = (line: Line): string => line.map(({ text }) => text).join('')
const linesOf = (lines: readonly Line[]): string => lines.map(textOf).join('\n')

const showing = (...pools: Parameters<typeof frameOf>[0]): UiState =>
  play(sampleState(), [{ kind: 'frame', frame: frameOf(pools) }]).state

describe('the overview', () => {
  test('says that there are more pools than it shows', () => {
    const pools = Array.from({ length: 6 }, (_, index) => poolFrame(`pool-${index}`, [backendFrame({ id: 'a' })]))
    expect(linesOf(overview(view(showing(...pools))))).toContain('2 of 6 · 4 lists all')
    expect(linesOf(overview(view(showing(...pools.slice(0, 2)))))).not.toContain('lists all')
  })

  test('finds nothing odd in the shares of a pool without traffic', () => {
    const idle = { share: 0, expectedShare: 0.25, requestsPerSecond: 0 }
    const roles = (perSecond: number): (string | undefined)[] => {
      const pool = { ...poolFrame('web', [backendFrame({ id: 'a', ...idle })]), requestsPerSecond: perSecond }
      const line = overview(view(showing(pool))).find((one) => textOf(one).includes('/25'))
      return line?.filter(({ text }) => text.trim() === '0').map(({ role }) => role) ?? []
    }
    expect(roles(0)).not.toContain('warn')
    expect(roles(100)).toContain('warn')
  })
})

describe('trouble first', () => {
  test('puts who is out before who is used, checked or not', () => {
    const pool = poolFrame('web', [
      backendFrame({ id: 'checked', state: 'healthy' }),
      backendFrame({ id: 'nobody-checks', state: 'unchecked' }),
      backendFrame({ id: 'waits', state: 'unchecked', effectiveWeight: 0 }),
      backendFrame({ id: 'drains', state: 'draining', effectiveWeight: 0 }),
    ])
    const order = backendRows(showing(pool)).map(({ backend }) => backend.id)
    expect(order).toEqual(['drains', 'waits', 'checked', 'nobody-checks'])
  })
})

describe('a sorted column', () => {
  test('keeps its arrow where its title has no room', () => {
    const columns = [{ title: 'weight', width: 6, cells: () => '1' }]
    const [header = []] = grid(
      { columns, rows: [1], cursor: -1, width: 10, height: 3, sorted: { title: 'weight', descending: false } },
      theme,
    )
    expect(textOf(header)).toContain(`weigh${theme.glyphs.down}`)
  })
})

describe('an event', () => {
  const long = `smartedge.config.json:3:5: ${'a rule that is broken, '.repeat(20)}the end`
  const failed: Message = {
    kind: 'event',
    entry: { id: 9, at: 0, kind: 'reload-failed', fields: { origin: 'watch', problems: [long], kept: [] } },
  }

  test('is cut in the list and whole when it is opened', () => {
    const { state } = play(sampleState(), [failed, ...keys('5')])
    expect(linesOf(eventsLines(view(state)))).not.toContain('the end')
    const opened = play(state, keys('enter')).state
    const text = linesOf(eventsLines(view(opened)))
    expect(text).toContain('the end')
    expect(text).toContain('reload-failed')
  })

  test('is wrapped between words, and inside a word that is too long', () => {
    expect(wrap('aa bb cc', 5)).toEqual(['aa bb', 'cc'])
    expect(wrap('a'.repeat(12), 5)).toEqual(['aaaaa', 'aaaaa', 'aa'])
    expect(wrap('', 5)).toEqual([''])
    const pieces = wrap(long, 30)
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThanOrEqual(30)
    expect(pieces.join(' ')).toBe(long)
  })
})

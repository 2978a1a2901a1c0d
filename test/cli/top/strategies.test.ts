import { describe, expect, test } from 'bun:test'
import { strategiesLines } from '../../../cli/top/strategies.ts'
import { createTheme } from '../../../cli/top/theme.ts'
import { frameOf, poolFrame } from '../../support/feed-frames.ts'
import { play, sampleState } from '../../support/ui-state.ts'

const theme = createTheme({ palette: 'none', ascii: false })

/** What the screen says of one pool whose strategy is as given. */
function shown(overrides: Partial<ReturnType<typeof poolFrame>['strategy']>): string {
  const pool = poolFrame('web', [])
  const frame = frameOf([{ ...pool, strategy: { ...pool.strategy, ...overrides } }])
  const { state } = play(sampleState(), [{ kind: 'frame', frame }])
  const lines = strategiesLines({ state, width: 100, height: 24, theme })
  return lines.map((line) => line.map(({ text }) => text).join('')).join('\n')
}

describe('the strategies of top', () => {
  test('say why another stands in for the one that is configured', () => {
    const revertedBecause = 'version ab12 had 10 faults within a minute'
    const text = shown({ use: './mine.ts', file: '/plugins/p2c.ts', reverted: true, revertedBecause })
    expect(text).toMatch(/ configured +\.\/mine\.ts /)
    expect(text).toMatch(/ file +\/plugins\/p2c\.ts /)
    expect(text).toMatch(/ stands in +version ab12 had 10 faults within a minute /)
  })

  test('say how many backends it ranks while all is well', () => {
    const text = shown({ reverted: false })
    expect(text).toMatch(/ ranks +0 backends /)
    expect(text).not.toContain('stands in')
  })
})

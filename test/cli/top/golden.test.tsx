// Every screen as text, at both sizes, held in files.
import { afterEach, describe, expect, test } from 'bun:test'
import { cleanup, render } from 'ink-testing-library'
import { App } from '../../../cli/top/app.tsx'
import { createTheme } from '../../../cli/top/theme.ts'
import { fillGuide } from '../../support/top-guide.tsx'
import { pictures } from '../../support/top-pictures.ts'
import { sampleState } from '../../support/ui-state.ts'

afterEach(cleanup)

const plain = createTheme({ palette: 'none', ascii: false })
const ascii = createTheme({ palette: 'none', ascii: true })

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
      const { lastFrame } = render(
        <App state={picture.state()} columns={columns} rows={rows} theme={picture.ascii ? ascii : plain} />,
      )
      const text = Bun.stripANSI(lastFrame() ?? '')
      // `bun scripts/capture-top.ts` writes them afresh; look at the difference before you commit it.
      expect(text).toBe(await Bun.file(new URL(`./golden/${name}.txt`, import.meta.url)).text())
      expect(text.split('\n')).toHaveLength(rows)
      for (const line of text.split('\n')) expect(Array.from(line).length).toBeLessThanOrEqual(columns)
    })
  }

  test('draw nothing but ASCII where nothing else can be shown', () => {
    for (const { state } of pictures) {
      const { lastFrame } = render(<App state={state()} columns={100} rows={30} theme={ascii} />)
      expect(Bun.stripANSI(lastFrame() ?? '')).toMatch(/^[\n\x20-\x7e]*$/)
    }
  })

  test('say in one line that the window is too small', () => {
    for (const [columns, rows] of [
      [79, 24],
      [80, 23],
      [1, 1],
    ] as const) {
      const { lastFrame } = render(<App state={sampleState()} columns={columns} rows={rows} theme={plain} />)
      expect(lastFrame()).toStartWith('s')
      expect(lastFrame()?.split('\n')).toHaveLength(1)
    }
  })

  test('fill windows of any size without running over', () => {
    for (const [columns, rows] of [
      [101, 24],
      [180, 50],
    ] as const) {
      for (const { state } of pictures.slice(0, 13)) {
        const { lastFrame } = render(<App state={state()} columns={columns} rows={rows} theme={plain} />)
        const lines = Bun.stripANSI(lastFrame() ?? '').split('\n')
        expect(lines).toHaveLength(rows)
        for (const line of lines) expect(Array.from(line).length).toBeLessThanOrEqual(columns)
        cleanup()
      }
    }
  })
})

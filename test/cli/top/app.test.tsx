// What Ink has on the terminal, and what becomes of keys: the component itself, on a terminal that remembers.
import { afterEach, describe, expect, test } from 'bun:test'
import { cleanup, render } from 'ink-testing-library'
import { App } from '../../../cli/top/app.tsx'
import { createStore } from '../../../cli/top/store.ts'
import { createTheme } from '../../../cli/top/theme.ts'
import type { Effect } from '../../../cli/top/update.ts'
import { frameOf } from '../../support/feed-frames.ts'
import { sampleState } from '../../support/ui-state.ts'
import { turn, turnUntil } from '../../support/raw-peer.ts'

afterEach(cleanup)

function show() {
  const effects: Effect[] = []
  const store = createStore(sampleState(), (effect) => void effects.push(effect))
  const { lastFrame, frames, stdin } = render(
    <App store={store} theme={createTheme({ palette: 'none', ascii: false })} />,
  )
  const text = (): string => Bun.stripANSI(lastFrame() ?? '')
  return { store, effects, frames, stdin, text }
}

describe('the dashboard on a terminal', () => {
  test('is the picture of the state, drawn again when that changes what is seen', async () => {
    const { store, frames, text } = show()
    expect(text()).toContain('localhost:8102 fails')
    store.send({ kind: 'frame', frame: frameOf([]), edge: 0 })
    await turnUntil(() => text().includes('No backends.'), 'the frame')
    const drawn = frames.length
    store.send({ kind: 'tick', now: store.state().now })
    await turn()
    store.send({ kind: 'key', name: '5' })
    await turnUntil(() => text().includes('configuration'), 'the events')
    expect(frames.length).toBe(drawn + 1)
  })

  test('obeys keys, and takes what is pasted for text', async () => {
    const { effects, stdin, text } = show()
    stdin.write('2')
    await turnUntil(() => text().includes('web/localhost:8102 ─'), 'the picture')
    stdin.write('/')
    stdin.write('\u001B[200~8103\u001B[201~')
    await turnUntil(() => text().includes('/8103'), 'the picture')
    stdin.write('\u0003')
    await turnUntil(() => effects.some(({ kind }) => kind === 'quit'), 'an end')
  })
})

/** Who picks in a pool, how that goes, and another one in its place. */
/** @jsxImportSource preact */
import { useState } from 'preact/hooks'
import { shippedStrategies } from '../../core/strategy/shipped.ts'
import { shownOf } from '../state/state.ts'
import { whenText } from '../state/when.ts'
import { Actions, Facts, Title } from './dialog-parts.tsx'
import type { Part } from './header.tsx'
import { Button, Name, Note } from './signs.tsx'

export function StrategyDialog({ state, send, pool: name }: Part & { readonly pool: string }) {
  const { frame } = shownOf(state)
  const strategy = frame?.pools.find((pool) => pool.name === name)?.strategy
  const [chosen, choose] = useState(strategy?.use ?? '')
  const close = <Button onClick={() => send({ kind: 'close' })}>Close</Button>
  const title = (
    <Title>
      Strategy of <Name>{name}</Name>
    </Title>
  )
  if (strategy === undefined)
    return (
      <>
        {title}
        <Note>The pool is gone.</Note>
        <Actions>{close}</Actions>
      </>
    )
  const { use, file, version, nsPerPick, faults, lastFault, swappedAt, reverted, revertedBecause } = strategy
  const others = [...new Set([use, ...shippedStrategies])]
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (chosen !== use) send({ kind: 'ask', command: { kind: 'strategy', pool: name, strategy: chosen } })
      }}
    >
      {title}
      {reverted && (
        <p class="why tone-bad">Another stands in for it: {revertedBecause ?? 'its newest version failed'}.</p>
      )}
      <Facts
        facts={[
          ['Configured', use],
          ['File', file ?? 'comes with SmartEdge'],
          ['Version', version ?? '–'],
          ['Since', swappedAt === null ? 'the start' : whenText(swappedAt, state.now)],
          ['A pick', nsPerPick === null ? '–' : `${Math.round(nsPerPick)} ns`],
          ['Faults', lastFault === null ? String(faults) : `${faults}, the last: ${lastFault}`],
        ]}
      />
      <label>
        Balance by{' '}
        <select value={chosen} autoFocus onChange={({ currentTarget }) => choose(currentTarget.value)}>
          {others.map((one) => (
            <option key={one} value={one}>
              {one}
            </option>
          ))}
        </select>
      </label>
      <Actions>
        <button type="submit" class="button button-main" disabled={chosen === use}>
          Switch…
        </button>
        {close}
      </Actions>
    </form>
  )
}

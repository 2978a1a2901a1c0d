/** What lists are filtered by: words, and whether something is wrong. */
/** @jsxImportSource preact */
import type { Part } from './header.tsx'
import { Button } from './signs.tsx'

/** One a screen: a key leads to it. `hint`: what may be looked for. */
export const Find = ({ state: { choices }, send, hint }: Part & { readonly hint?: string }) => (
  <label>
    Find{' '}
    <input
      id="filter"
      type="search"
      value={choices.filter}
      placeholder={hint}
      onInput={({ currentTarget }) => send({ kind: 'choose', choices: { filter: currentTarget.value } })}
    />
  </label>
)

export const TroubleOnly = ({ state: { choices }, send }: Part) => (
  <Button
    pressed={choices.faultsOnly}
    title="Only what something is wrong with (!)"
    onClick={() => send({ kind: 'choose', choices: { faultsOnly: !choices.faultsOnly } })}
  >
    Trouble only
  </Button>
)

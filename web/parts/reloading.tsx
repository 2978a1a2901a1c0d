/** Takes the files in force anew, or goes back to what was in force before: both when that has been said so. */
/** @jsxImportSource preact */
import type { Part } from './header.tsx'
import { Button } from './signs.tsx'

export const Reloading = ({ send }: Pick<Part, 'send'>) => (
  <>
    <Button onClick={() => send({ kind: 'ask', command: { kind: 'reload' } })}>Reload…</Button>
    <Button onClick={() => send({ kind: 'ask', command: { kind: 'rollback' } })}>Roll back…</Button>
  </>
)

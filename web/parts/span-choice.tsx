/** How many minutes the charts span, and whether they stand still. */
/** @jsxImportSource preact */
import { span } from '../../core/view/format.ts'
import { spansSeconds } from '../state/state.ts'
import type { Part } from './header.tsx'
import { Button } from './signs.tsx'

export const SpanChoice = ({ state: { choices, frozen }, send }: Part) => (
  <div class="spans" role="group" aria-label="Time shown">
    {spansSeconds.map((seconds, index) => (
      <Button
        key={seconds}
        kind="quiet"
        pressed={choices.span === index}
        onClick={() => send({ kind: 'choose', choices: { span: index } })}
      >
        {span(seconds)}
      </Button>
    ))}
    <Button
      kind="quiet"
      pressed={frozen !== undefined}
      title="Stand still (f)"
      onClick={() => send({ kind: 'freeze' })}
    >
      Freeze
    </Button>
  </div>
)

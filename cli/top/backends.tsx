/** Screen 2: every backend, sorted and filtered, and all that is known of the one under the cursor. */
/** @jsxImportSource #jsx */
import { backendStrip, stripHeight } from './detail.tsx'
import type { Line } from './line.ts'
import { Lines } from './lines.tsx'
import { backendPanel } from './overview.tsx'
import { targetBackend } from './rows.ts'
import type { View } from './view.ts'

export function Backends(view: View) {
  return <Lines lines={backendsLines(view)} theme={view.theme} />
}

function backendsLines(view: View): Line[] {
  const row = targetBackend(view.state)
  return row
    ? [...backendPanel(view, view.height - stripHeight), ...backendStrip(view, row)]
    : backendPanel(view, view.height)
}

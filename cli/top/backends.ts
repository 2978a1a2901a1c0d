/** Screen 2: every backend, sorted and filtered, and all that is known of the one under the cursor. */
import { backendStrip, stripHeight } from './detail.ts'
import type { Line } from './line.ts'
import { backendPanel } from './overview.ts'
import { targetBackend } from './rows.ts'
import type { View } from './view.ts'

export function backendsLines(view: View): Line[] {
  const row = targetBackend(view.state)
  return row
    ? [...backendPanel(view, view.height - stripHeight), ...backendStrip(view, row)]
    : backendPanel(view, view.height)
}

/** What one `smartedge top` is about: whom it watches, how it looks, where it begins. */
import type { Clock } from '../../core/clock.ts'
import type { AdminTarget, TargetsOptions } from '../client/admin-target.ts'
import type { ServiceIo } from '../process/service-io.ts'
import { initialState } from './state.ts'
import { createTheme, lookOf } from './theme.ts'

export interface TopOptions extends TargetsOptions {
  /** One frame, then the end. */
  readonly once?: boolean
  /** With `once`: the frame as JSON. */
  readonly json?: boolean
  /** Nothing can be changed from the screen. */
  readonly readOnly?: boolean
  /** Draw with ASCII alone, whatever the terminal says. */
  readonly ascii?: boolean
}

export interface Session {
  readonly io: ServiceIo
  readonly clock: Clock
  /** Whom it watches, one at least. */
  readonly targets: readonly [AdminTarget, ...AdminTarget[]]
  readonly options: TopOptions
}

/** What the terminal can show, unless the options say less. */
export const themeFor = ({ io, options }: Session) => {
  const look = lookOf(io.env, io.color)
  return createTheme({ palette: look.palette, ascii: look.ascii || options.ascii === true })
}

export const stateFor = ({ clock, targets, options }: Session) =>
  initialState({ urls: targets.map(({ url }) => url), readOnly: options.readOnly === true, now: clock.wallTime() })

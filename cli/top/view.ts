/** What every screen is given, and nothing else: screens are functions of it. */
import type { Theme } from './theme.ts'
import type { UiState } from './state.ts'

export interface View {
  readonly state: UiState
  /** Columns and rows that the screen may fill. */
  readonly width: number
  readonly height: number
  readonly theme: Theme
}

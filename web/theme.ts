/** Light or dark: as the system has it, unless somebody chose. Kept by the browser, for it is nobody's secret. */
import { type Theme, themes } from './state/state.ts'

const key = 'smartedge-theme'

export function storedTheme(): Theme {
  try {
    return themes.find((theme) => theme === localStorage.getItem(key)) ?? 'auto'
  } catch {
    return 'auto'
  }
}

export function showTheme(theme: Theme): void {
  document.documentElement.dataset['theme'] = theme
  try {
    localStorage.setItem(key, theme)
  } catch {
    // Then it holds until the page is loaded again.
  }
}

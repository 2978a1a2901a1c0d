/** What single keys do where nothing is being typed: a table, key -> message. */
import { type AppState, spansSeconds, themeAfter } from './state/state.ts'
import type { Message } from './state/update.ts'
import { hashOf, views } from './state/views.ts'

/** As the page lists them. */
export const shortcuts = [
  { keys: `1 – ${views.length}`, does: 'the screens' },
  { keys: '/', does: 'find' },
  { keys: '!', does: 'trouble only' },
  { keys: 'f', does: 'stand still, and go on' },
  { keys: '+ −', does: 'longer or shorter charts' },
  { keys: 't', does: 'light, dark, or as the system has it' },
  { keys: 'r', does: 'reload, when you have said so' },
  { keys: 'b', does: 'roll back, when you have said so' },
  { keys: 'Esc', does: 'closes what lies over the page' },
  { keys: '?', does: 'this list' },
] as const

type Doing = Message | { readonly kind: 'find' } | { readonly kind: 'address'; readonly hash: string }

/** undefined: nothing. */
export function shortcutOf(key: string, { choices }: AppState): Doing | undefined {
  const view = views[Number(key) - 1]
  if (view !== undefined) return { kind: 'address', hash: hashOf(view) }
  return Object.hasOwn(table, key) ? table[key]?.(choices) : undefined
}

const table: Readonly<Record<string, (choices: AppState['choices']) => Doing>> = {
  '/': () => ({ kind: 'find' }),
  '!': ({ faultsOnly }) => ({ kind: 'choose', choices: { faultsOnly: !faultsOnly } }),
  f: () => ({ kind: 'freeze' }),
  '+': ({ span }) => ({ kind: 'choose', choices: { span: Math.min(spansSeconds.length - 1, span + 1) } }),
  '-': ({ span }) => ({ kind: 'choose', choices: { span: Math.max(0, span - 1) } }),
  t: ({ theme }) => ({ kind: 'choose', choices: { theme: themeAfter(theme) } }),
  r: () => ({ kind: 'ask', command: { kind: 'reload' } }),
  b: () => ({ kind: 'ask', command: { kind: 'rollback' } }),
  '?': () => ({ kind: 'open', dialog: { kind: 'shortcuts' } }),
}

/** A key by one name, whatever the terminal sent; and the list of what keys do, for the help. Pure. */

/** What Ink tells of a key, as far as it matters here. */
export interface PressedKey {
  readonly upArrow?: boolean
  readonly downArrow?: boolean
  readonly leftArrow?: boolean
  readonly rightArrow?: boolean
  readonly pageUp?: boolean
  readonly pageDown?: boolean
  readonly home?: boolean
  readonly end?: boolean
  readonly return?: boolean
  readonly escape?: boolean
  readonly tab?: boolean
  readonly shift?: boolean
  readonly ctrl?: boolean
  readonly meta?: boolean
  readonly backspace?: boolean
  readonly delete?: boolean
}

const named = [
  ['upArrow', 'up'],
  ['downArrow', 'down'],
  ['leftArrow', 'left'],
  ['rightArrow', 'right'],
  ['pageUp', 'pageup'],
  ['pageDown', 'pagedown'],
  ['home', 'home'],
  ['end', 'end'],
  ['return', 'enter'],
  ['escape', 'escape'],
  ['backspace', 'backspace'],
  ['delete', 'backspace'],
] as const satisfies readonly (readonly [keyof PressedKey, string])[]

/**
 * `up`, `enter`, `shift-tab`, `ctrl-c`, or a character for each key: those that were pressed faster than they were read
 * come together. None: nothing that counts.
 */
export function keyNames(input: string, key: PressedKey): readonly string[] {
  if (key.tab) return [key.shift ? 'shift-tab' : 'tab']
  const name = named.find(([flag]) => key[flag])?.[1]
  if (name !== undefined) return [name]
  if (key.ctrl) return [`ctrl-${input}`]
  return key.meta ? [] : Array.from(input, (one) => controls[one] ?? one)
}

/** Keys that came in one piece with others. */
const controls: Readonly<Record<string, string>> = {
  '\r': 'enter',
  '\n': 'enter',
  '\t': 'tab',
  '\u0003': 'ctrl-c',
  '\u001A': 'ctrl-z',
  '\u001B': 'escape',
  '\u007F': 'backspace',
  '\b': 'backspace',
}

/** `only`: actions are left out where nothing may be changed, `several` where one edge is watched, `room` where there is little. */
type KeyHelp = readonly [keys: string, what: string, only?: 'action' | 'several' | 'room']

/** Rows of the help: keys, what they do. */
export const keyHelp: readonly KeyHelp[] = [
  ['1-7  Tab', 'screens'],
  ['arrows  hjkl', 'move; g G first, last'],
  ['Enter  Esc', 'look into a row, go back'],
  ['/', 'filter by name, state or zone'],
  [':', 'go to or do anything by name'],
  ['s  S', 'sort by the next column, turn round', 'room'],
  ['!', 'faults only'],
  ['f  Space', 'freeze the picture'],
  ['+  -', 'longer or shorter time window', 'room'],
  ['e  E', 'several edges: each by itself, or all', 'several'],
  ['o', 'Latency: lay another over this one'],
  ['d  u', 'drain the backend, resume it', 'action'],
  ['w  c', 'set its weight, check it now', 'action'],
  ['t', 'switch the strategy of the pool', 'action'],
  ['r  b', 'reload, roll back', 'action'],
  ['Ctrl-Z', 'suspend; fg brings it back', 'room'],
  ['q  Ctrl-C', 'quit'],
]

/**
 * How things look: roles -> terminal codes, and the characters that are drawn with. Colours are told apart by people with
 * any colour vision (blue-green, orange, red differ in lightness too), and never say anything that a word does not.
 */

import { toAscii, wantsAscii } from '../text/ascii.ts'

export type Role =
  | 'plain'
  | 'dim'
  | 'title'
  | 'border'
  | 'good'
  | 'warn'
  | 'bad'
  | 'accent'
  | 'second'
  | 'key'
  | 'selected'
  | 'bar'
  /** Rising density of the heatmap. */
  | 'heat1'
  | 'heat2'
  | 'heat3'
  | 'heat4'
  | 'heat5'

export interface Theme {
  /** `on` and `off` sequences; empty strings: no look of its own. */
  readonly codes: Readonly<Record<Role, readonly [on: string, off: string]>>
  readonly glyphs: Glyphs
  /** Words as they can be shown: with what we punctuate with in ASCII where there is nothing else. */
  readonly words: (text: string) => string
}

export interface Glyphs {
  /** Eight heights of a bar, lowest first; the ninth state, nothing, is a space. */
  readonly bars: readonly string[]
  /** Rising density, without the empty one. */
  readonly shades: readonly string[]
  readonly corners: readonly [topLeft: string, topRight: string, bottomLeft: string, bottomRight: string]
  readonly horizontal: string
  readonly vertical: string
  /** Marks the second series in a chart. */
  readonly mark: string
  readonly states: Readonly<Record<string, string>>
  readonly cursor: string
  readonly up: string
  readonly down: string
  readonly separator: string
  readonly ellipsis: string
}

const unicode: Glyphs = {
  bars: ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'],
  shades: ['░', '░', '▒', '▓', '█'],
  corners: ['╭', '╮', '╰', '╯'],
  horizontal: '─',
  vertical: '│',
  mark: '◆',
  states: { healthy: '●', unhealthy: '✖', unchecked: '○', draining: '◐', spare: '○', good: '●', warn: '▲', bad: '✖' },
  cursor: '▸',
  up: '↑',
  down: '↓',
  separator: '·',
  ellipsis: '…',
}

const ascii: Glyphs = {
  bars: ['_', '.', ':', '-', '=', '+', '*', '#'],
  shades: ['.', ':', '+', '*', '#'],
  corners: ['+', '+', '+', '+'],
  horizontal: '-',
  vertical: '|',
  mark: 'o',
  states: { healthy: '*', unhealthy: 'X', unchecked: 'o', draining: '~', spare: 'o', good: '*', warn: '!', bad: 'X' },
  cursor: '>',
  up: '^',
  down: 'v',
  separator: '|',
  ellipsis: '~',
}

type Palette = Readonly<Record<Role, string>>

/** SGR parameters. Indexed colours are the same in every terminal that has them, whatever its scheme. */
const indexed: Palette = {
  plain: '',
  dim: '38;5;245',
  title: '1',
  border: '38;5;240',
  good: '38;5;79',
  warn: '38;5;214',
  bad: '1;38;5;203',
  accent: '38;5;117',
  second: '38;5;219',
  key: '1;38;5;117',
  selected: '48;5;238',
  bar: '38;5;74',
  heat1: '38;5;24',
  heat2: '38;5;31',
  heat3: '38;5;37',
  heat4: '38;5;149',
  heat5: '38;5;226',
}

const basic: Palette = {
  plain: '',
  dim: '2',
  title: '1',
  border: '2',
  good: '32',
  warn: '33',
  bad: '1;31',
  accent: '36',
  second: '35',
  key: '1;36',
  selected: '7',
  bar: '36',
  heat1: '34',
  heat2: '34',
  heat3: '36',
  heat4: '32',
  heat5: '33',
}

const noColor: Palette = {
  plain: '',
  dim: '',
  title: '1',
  border: '',
  good: '',
  warn: '1',
  bad: '1',
  accent: '',
  second: '',
  key: '1',
  selected: '7',
  bar: '',
  heat1: '',
  heat2: '',
  heat3: '',
  heat4: '',
  heat5: '',
}

const none: Palette = { ...noColor, title: '', warn: '', bad: '', key: '', selected: '' }

/** Old news: everything looks the same. */
const greyed = { ...Object.fromEntries(Object.keys(none).map((role) => [role, '2'])), selected: '7' } as Palette

const palettes = { indexed, basic, 'no-color': noColor, none } as const

export interface Look {
  /** `no-color`: bold and inverse remain (no-color.org); `none`: text alone. */
  readonly palette: keyof typeof palettes
  readonly ascii: boolean
}

export function createTheme({ palette, ascii: isAscii }: Look): Theme {
  return {
    codes: codesOf(palettes[palette]),
    glyphs: isAscii ? ascii : unicode,
    words: isAscii ? toAscii : (text) => text,
  }
}

export const greyTheme = (theme: Theme): Theme => ({ ...theme, codes: greyedCodes })

/** What the terminal can show, from its environment. */
export function lookOf(env: Readonly<Record<string, string | undefined>>, wantsColor: boolean): Look {
  const term = env['TERM'] ?? ''
  const isAscii = wantsAscii(env) || /^(?:linux|dumb|vt\d+|cons25)?$/.test(term)
  const hasMany = /256|direct|kitty|ghostty|alacritty|foot/.test(term) || env['COLORTERM'] !== undefined
  return { palette: wantsColor ? (hasMany ? 'indexed' : 'basic') : 'no-color', ascii: isAscii }
}

function codesOf(palette: Palette): Theme['codes'] {
  const entries = Object.entries(palette).map(([role, on]) => [role, on ? [`\u001B[${on}m`, offOf(on)] : ['', '']])
  return Object.fromEntries(entries) as Theme['codes']
}

/** Only what was switched on is switched off again, so that a row's background survives the cells in it. */
function offOf(on: string): string {
  const parts = [
    ...(/^(?:1|2)(?:;|$)/.test(on) ? ['22'] : []),
    ...(/(?:^|;)(?:3\d)(?:;|$)/.test(on) ? ['39'] : []),
    ...(on.startsWith('48') ? ['49'] : []),
    ...(on === '7' ? ['27'] : []),
  ]
  return `\u001B[${parts.join(';')}m`
}

const greyedCodes = codesOf(greyed)

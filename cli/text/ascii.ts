/** Text for terminals whose character set is not UTF-8: what we draw and punctuate with, in ASCII. Pure. */

/** By the locale, as programs in C decide it; without any it is POSIX's. */
export const wantsAscii = (env: Readonly<Record<string, string | undefined>>): boolean =>
  !/utf-?8/i.test(env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || '')

/** States as `smartedge top` draws them. One character each where columns must not move. */
const replacements: Readonly<Record<string, string>> = {
  '●': '*',
  '✖': 'X',
  '○': 'o',
  '◐': '~',
  '✔': '+',
  '·': '|',
  '×': 'x',
  '±': '~',
  '–': '-',
  µ: 'u',
  '’': "'",
  '→': '->',
  '…': '...',
}

const pattern = new RegExp(`[${Object.keys(replacements).join('')}]`, 'gu')

/** What is not ours, names in a configuration say, stays as it is. */
export const toAscii = (text: string): string =>
  text.replace(pattern, (character) => replacements[character] ?? character)

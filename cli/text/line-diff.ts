/** How two texts differ, line by line, as `diff -u` shows it. Pure. */

/** Lines around a change that are shown too. */
const CONTEXT = 3
/** Beyond as many lines that differ, one block of all is shown: nobody reads more, and finding the shortest way takes long. */
const MOST_STEPS = 500

type Mark = ' ' | '-' | '+'
type Line = readonly [Mark, string]

/** Empty where they are the same, but for whether their last line ends. */
export function lineDiff(from: string, to: string): string {
  const lines = compare(linesOf(from), linesOf(to))
  const shown = new Set<number>()
  for (const [index, [mark]] of lines.entries())
    if (mark !== ' ') for (let near = Math.max(0, index - CONTEXT); near <= index + CONTEXT; near++) shown.add(near)
  let numbers = { from: 1, to: 1 }
  let text = ''
  for (const [index, [mark, line]] of lines.entries()) {
    if (shown.has(index)) {
      if (!shown.has(index - 1)) text += `@@ -${numbers.from} +${numbers.to} @@\n`
      text += `${mark}${line}\n`
    }
    numbers = { from: numbers.from + Number(mark !== '+'), to: numbers.to + Number(mark !== '-') }
  }
  return text
}

const linesOf = (text: string): string[] => text.replace(/\n$/, '').split('\n')

function compare(from: readonly string[], to: readonly string[]): Line[] {
  let start = 0
  while (start < Math.min(from.length, to.length) && from[start] === to[start]) start += 1
  let end = 0
  const most = Math.min(from.length, to.length) - start
  while (end < most && from[from.length - 1 - end] === to[to.length - 1 - end]) end += 1
  const same = (lines: readonly string[]): Line[] => lines.map((line) => [' ', line])
  const middle = shortest(from.slice(start, from.length - end), to.slice(start, to.length - end))
  return [...same(from.slice(0, start)), ...middle, ...same(from.slice(from.length - end))]
}

/** E. W. Myers, "An O(ND) Difference Algorithm and Its Variations" (1986): how far each diagonal gets with each step. */
function shortest(from: readonly string[], to: readonly string[]): Line[] {
  const reached: Map<number, number>[] = []
  const furthest = new Map([[1, 0]])
  for (let steps = 0; steps <= Math.min(from.length + to.length, MOST_STEPS); steps++) {
    reached.push(new Map(furthest))
    for (let diagonal = -steps; diagonal <= steps; diagonal += 2) {
      let x = isDown(furthest, diagonal, steps) ? at(furthest, diagonal + 1) : at(furthest, diagonal - 1) + 1
      while (x < from.length && x - diagonal < to.length && from[x] === to[x - diagonal]) x += 1
      furthest.set(diagonal, x)
      if (x >= from.length && x - diagonal >= to.length) return wayBack(reached, from, to)
    }
  }
  return [...from.map((line): Line => ['-', line]), ...to.map((line): Line => ['+', line])]
}

const at = (furthest: ReadonlyMap<number, number>, diagonal: number): number => furthest.get(diagonal) ?? -1

const isDown = (furthest: ReadonlyMap<number, number>, diagonal: number, steps: number): boolean =>
  diagonal === -steps || (diagonal !== steps && at(furthest, diagonal - 1) < at(furthest, diagonal + 1))

function wayBack(
  reached: readonly ReadonlyMap<number, number>[],
  from: readonly string[],
  to: readonly string[],
): Line[] {
  const lines: Line[] = []
  let [x, y] = [from.length, to.length]
  for (let steps = reached.length - 1; steps >= 0; steps--) {
    const furthest = reached[steps] ?? new Map()
    const diagonal = x - y
    const former = isDown(furthest, diagonal, steps) ? diagonal + 1 : diagonal - 1
    const [formerX, formerY] = [at(furthest, former), at(furthest, former) - former]
    while (x > Math.max(0, formerX) && y > Math.max(0, formerY)) {
      x -= 1
      y -= 1
      lines.push([' ', from[x] ?? ''])
    }
    if (steps === 0) break
    if (x === formerX) lines.push(['+', to[formerY] ?? ''])
    else lines.push(['-', from[formerX] ?? ''])
    ;[x, y] = [formerX, formerY]
  }
  return lines.toReversed()
}

/** A program on a terminal of its own, whose keys a test types. */

export interface OnTerminal {
  readonly child: Bun.Subprocess
  /** Resolves when `words` are on the screen, written after the call before. */
  readonly until: (words: string) => Promise<void>
  readonly type: (keys: string) => void
  /** All that was written, codes included. */
  readonly all: () => string
}

export interface TerminalOptions {
  readonly env?: Record<string, string>
  readonly cwd?: string
  readonly columns?: number
  readonly rows?: number
}

/** Whoever calls it ends it. */
export function onTerminal(command: readonly string[], options: TerminalOptions = {}): OnTerminal {
  const { env = {}, cwd, columns = 100, rows = 30 } = options
  let written = ''
  const waiting = new Set<() => void>()
  const decoder = new TextDecoder()
  const child = Bun.spawn([...command], {
    ...(cwd !== undefined && { cwd }),
    env: { PATH: process.env['PATH'] ?? '', LANG: 'C.UTF-8', TERM: 'xterm-256color', ...env },
    terminal: {
      cols: columns,
      rows,
      data(_, bytes) {
        written += decoder.decode(bytes, { stream: true })
        for (const check of waiting) check()
      },
    },
  })
  let seenTo = 0
  const until = (words: string): Promise<void> =>
    new Promise((resolve) => {
      const check = (): void => {
        const at = Bun.stripANSI(written.slice(seenTo)).indexOf(words)
        if (at === -1) return
        seenTo = written.length
        waiting.delete(check)
        resolve()
      }
      waiting.add(check)
      check()
    })
  return { child, until, type: (keys) => void child.terminal?.write(keys), all: () => written }
}

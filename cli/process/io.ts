/** What a command may touch of the process it runs in, as values: tests hand in their own. */
export interface Io {
  /** Writes results for people to standard output, in characters that their terminal has; no newline is added. */
  readonly stdout: (text: string) => void
  /** Writes what programs read to standard output, as it is. */
  readonly data: (text: string) => void
  /** Writes messages for people to standard error, in characters that their terminal has. */
  readonly stderr: (text: string) => void
  readonly env: Readonly<Record<string, string | undefined>>
  /** Absolute path that relative ones start from. */
  readonly cwd: string
  /** What people type to call this program again: `smartedge`, or a path. */
  readonly command: string
  /** Asks people, who type `y` for true; undefined: there is nobody to ask. */
  readonly confirm: ((question: string) => Promise<boolean>) | undefined
  /** Whether people's terminal has nothing but ASCII. */
  readonly ascii: boolean
  /** Columns of standard output, now; undefined: it is no terminal. */
  readonly columns: () => number | undefined
  /** Whether standard output is a terminal. */
  readonly isTty: boolean
  /** Whether colour is wanted: NO_COLOR, FORCE_COLOR, TERM and the terminal already weighed. */
  readonly color: boolean
}

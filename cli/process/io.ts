/** What a command may touch of the process it runs in, as values: tests hand in their own. */
export interface Io {
  /** Writes data, as it is: no newline is added. */
  readonly stdout: (text: string) => void
  /** Writes messages for people, as they are. */
  readonly stderr: (text: string) => void
  readonly env: Readonly<Record<string, string | undefined>>
  /** Absolute path that relative ones start from. */
  readonly cwd: string
  /** What people type to call this program again: `smartedge`, or a path. */
  readonly command: string
  /** Asks people, who type `y` for true; undefined: there is nobody to ask. */
  readonly confirm: ((question: string) => Promise<boolean>) | undefined
  /** Whether standard output is a terminal. */
  readonly isTty: boolean
  /** Whether colour is wanted: NO_COLOR, FORCE_COLOR, TERM and the terminal already weighed. */
  readonly color: boolean
}

/** What is wrong in a config file, as values: where, which key, which rule, which value; and the line people read. */

/** Expected outcomes, never thrown. */
export interface Problem {
  /** As people would name it: relative to the working directory when inside it. */
  readonly file: string
  /** From 1; both are 1 when the file as a whole is meant. Columns count UTF-16 units, as editors do. */
  readonly line: number
  readonly column: number
  /** `pools.web.health.interval`; empty when the file as a whole is meant. */
  readonly key: string
  /** What is demanded: `must be a duration from 10ms to 1h such as "5s"`. */
  readonly rule: string
  /** The value as it stands in the file, shortened; undefined where it says nothing. Never a secret. */
  readonly value: string | undefined
  /** `did you mean "pools"?` */
  readonly hint: string | undefined
  /** This machine is in the way: a variable is not set, a file is not there. Elsewhere the same text may be sound. */
  readonly isLocal?: true
}

/** What a rule says about one value; the place is added by who knows it. */
export interface Fault {
  readonly rule: string
  readonly hint?: string | undefined
  /** As a problem's. */
  readonly isLocal?: true
}

/** `file:line:column: key rule, got value (hint)`, in one line whatever the file holds. */
export const formatProblem = (problem: Problem): string => format(problem, '')

/** The same for what may be run, and is hardly meant. */
export const formatWarning = (problem: Problem): string => format(problem, 'warning: ')

const format = (problem: Problem, mark: string): string =>
  `${problem.file}:${problem.line}:${problem.column}: ${mark}${describeProblem(problem)}`

/** Without its place. */
export function describeProblem({ key, rule, value, hint }: Problem): string {
  const got = value === undefined ? '' : `, got ${value}`
  const help = hint === undefined ? '' : ` (${hint})`
  return `${key === '' ? '' : `${key} `}${rule}${got}${help}`
}

/** A problem with a file as a whole. */
export const fileProblem = (file: string, rule: string, hint?: string): Problem => ({
  file,
  line: 1,
  column: 1,
  key: '',
  rule,
  value: undefined,
  hint,
})

/** Of a file that was asked for as the configuration. */
export const missingConfig = (file: string): Problem =>
  fileProblem(
    file,
    'must exist, there is no such file',
    '`smartedge init` writes a smartedge.config.json to start from',
  )

/** More would help nobody, and a hostile file could cause millions. */
export const maxProblems = 100

export interface ProblemList {
  /**
   * `describe` is called only while there is room: the place of a fault costs a walk, and there may be millions.
   * `pool`: the one pool that it concerns.
   */
  add(describe: () => Problem, pool?: string): void
  /** At most `maxProblems`; per file from top to bottom, files in the order they were first met. */
  sorted(): Problem[]
  /** How many were found beyond those. */
  omitted(): number
  /** The pools that hold all of them, in the order they were met; undefined when one concerns more than pools. */
  pools(): string[] | undefined
}

export function createProblemList(): ProblemList {
  const problems: Problem[] = []
  const pools = new Set<string>()
  let omitted = 0
  let isConfined = true
  return {
    add(describe, pool) {
      if (pool === undefined) isConfined = false
      else pools.add(pool)
      if (problems.length === maxProblems) return void omitted++
      const problem = describe()
      // Two pools may share one members file; its problems count once.
      if (!problems.some((known) => isSame(known, problem))) problems.push(problem)
    },
    sorted() {
      const files = [...new Set(problems.map((problem) => problem.file))]
      const rank = (problem: Problem): number => files.indexOf(problem.file)
      return problems.toSorted((a, b) => rank(a) - rank(b) || a.line - b.line || a.column - b.column)
    },
    omitted: () => omitted,
    pools: () => (isConfined ? [...pools] : undefined),
  }
}

const isSame = (a: Problem, b: Problem): boolean =>
  a.file === b.file && a.line === b.line && a.column === b.column && a.key === b.key && a.rule === b.rule

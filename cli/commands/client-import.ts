/** `smartedge client import`: adds the clients of a file, all of them or none. */
import { type AdminAnswer, askAdmin } from '../client/admin-client.ts'
import { report, targetOrReport } from '../client/admin-failure.ts'
import { clientsPath } from '../../core/view/api-paths.ts'
import { type FileFormat, readClients } from '../client/client-file.ts'
import { noSmartEdge, tellFailure, tellsOf } from '../client/control-client.ts'
import { exitCode } from '../process/exit-codes.ts'
import type { Io } from '../process/io.ts'
import { readInput } from '../process/read-input.ts'
import { counted, formatCount } from '../../core/view/amounts.ts'
import { alignTable } from '../text/table.ts'
import { printable } from '../text/text.ts'
import type { ClientOptions } from './client.ts'

export interface ImportOptions extends ClientOptions {
  /** Absent: by the ending of the file's name, JSON lines for any but `.csv`. */
  readonly format?: FileFormat
  /** Clients that there are already become those of the file; else they are a problem. */
  readonly replace?: boolean
}

interface Imported {
  readonly added: number
  readonly replaced: number
  readonly keys: readonly { readonly id: string; readonly key: string }[]
}

/** The API reads so much, too. */
const maxBytes = 16 * 1024 ** 2
/** A database elsewhere takes its time for so many. */
const patienceMs = 120_000

/** `file`: `-` for standard input. */
export async function clientImport(io: Io, file: string, options: ImportOptions): Promise<number> {
  const name = file === '-' ? 'standard input' : file
  const input = await readInput(file, io.cwd, maxBytes)
  if (input.kind === 'fault') {
    io.stderr(`smartedge: ${printable(name)} cannot be imported: ${printable(input.reason)}\n`)
    return exitCode.failure
  }
  const lines = readClients(input.text, options.format ?? (/\.csv$/i.test(file) ? 'csv' : 'jsonl'))
  if (lines.kind === 'fault') {
    io.stderr(`${printable(`${name}:${lines.line}:${lines.column}: ${lines.rule}`)}\n${nothingDone}`)
    return exitCode.failure
  }
  const target = targetOrReport(io, options)
  if (typeof target === 'number') return target
  const path = `${clientsPath}/import${options.replace === true ? '?replace=true' : ''}`
  const text = { type: 'application/jsonl', content: lines.text }
  const answer = await askAdmin(target, path, { method: 'POST', text, patienceMs })
  if (answer.kind === 'ok')
    return tellsOf(answer.body, 'added') ? tell(io, answer.body as Imported, options) : report(io, target, noSmartEdge)
  const code = tellFailure(io, target, atPlaces(answer, name, lines.numbers))
  if (answer.kind === 'refused') io.stderr(nothingDone)
  return code
}

const nothingDone = 'smartedge: nothing was imported\n'

type Failure = Exclude<AdminAnswer, { kind: 'ok' }>

/** With the problems at their lines of the file. */
function atPlaces(answer: Failure, file: string, numbers: readonly number[] | undefined): Failure {
  if (answer.kind !== 'refused') return answer
  const { problems } = (answer.body ?? {}) as { readonly problems?: unknown }
  if (!Array.isArray(problems)) return answer
  const placed = (problems as readonly { readonly line?: number }[]).map((problem) => {
    const { line } = problem
    return line === undefined ? problem : { ...problem, file, line: numbers?.[line - 1] ?? line }
  })
  return { ...answer, body: { problems: placed } }
}

function tell(io: Io, imported: Imported, { json = false }: ImportOptions): number {
  if (json) {
    io.data(`${JSON.stringify(imported, null, 2)}\n`)
    return exitCode.ok
  }
  const { added, replaced, keys } = imported
  io.stdout(`${counted(added, 'client')} added, ${formatCount(replaced)} replaced\n`)
  if (keys.length === 0) return exitCode.ok
  io.stdout(`${counted(keys.length, 'key')}, shown this once:\n`)
  io.stdout(
    alignTable(
      keys.map(({ id, key }) => [{ text: printable(id) }, { text: printable(key) }]),
      io.color,
    ),
  )
  return exitCode.ok
}

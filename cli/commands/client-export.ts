/** `smartedge client export`: all clients on standard output, as `client import` takes them. Holds no keys, but their hashes. */
import type { IncomingMessage } from 'node:http'
import { createInterface } from 'node:readline'
import { failureOf, openAdmin, readAnswer, readText } from '../client/admin-client.ts'
import { report, targetOrReport } from '../client/admin-failure.ts'
import { noSmartEdge } from '../client/control-client.ts'
import { clientsPath } from '../../core/view/api-paths.ts'
import { csvHeader, csvLine, type FileFormat } from '../client/client-file.ts'
import { exitCode } from '../process/exit-codes.ts'
import type { Io } from '../process/io.ts'
import type { ClientOptions } from './client.ts'

export interface ExportOptions extends ClientOptions {
  /** Absent: JSON lines. */
  readonly format?: FileFormat
}

export async function clientExport(io: Io, options: ExportOptions): Promise<number> {
  const target = targetOrReport(io, options)
  if (typeof target === 'number') return target
  let response: IncomingMessage
  try {
    response = await openAdmin(target, `${clientsPath}.jsonl`)
  } catch (error) {
    return report(io, target, failureOf(error))
  }
  if (response.statusCode !== 200) {
    const body: unknown = await readText(response).then(JSON.parse, () => undefined)
    const answer = readAnswer(response, body, target)
    return report(
      io,
      target,
      answer.kind === 'ok' ? { kind: 'refused', reason: 'it has no clients to export' } : answer,
    )
  }
  // Else a stranger's page would be the export.
  if (!response.headers['content-type']?.startsWith('application/jsonl')) {
    response.destroy()
    return report(io, target, noSmartEdge)
  }
  return await write(io, response, options)
}

async function write(io: Io, response: IncomingMessage, { format = 'jsonl' }: ExportOptions): Promise<number> {
  const lineOf = format === 'csv' ? csvLine : (line: string) => `${line}\n`
  try {
    if (format === 'csv') io.data(csvHeader)
    for await (const line of createInterface({ input: response, crlfDelay: Infinity })) io.data(lineOf(line))
    // What was cut off ends as if it were whole.
    if (response.complete) return exitCode.ok
  } catch {
    // As below.
  }
  io.stderr('smartedge: the export was cut off, and what was written is not all of it\n')
  return exitCode.failure
}

/** `smartedge bench`: SmartEdge beside its rivals, or its strategies beside each other, as a table, JSON or a page. */
import { accessSync, constants } from 'node:fs'
import { dirname, extname, resolve } from 'node:path'
import type { Wishes } from '../../bench/plan.ts'
import type { Results } from '../../bench/results.ts'
import { exitCode } from '../process/exit-codes.ts'
import type { ServiceIo, Signal } from '../process/service-io.ts'

export interface BenchOptions extends Wishes {
  /** Results as JSON on standard output instead of tables. */
  readonly json?: boolean
  /** File for the page. */
  readonly html?: string
  /** File for the document. */
  readonly markdown?: string
}

/** Writes what was measured even when a signal ends it early. */
export async function bench(io: ServiceIo, scenarios: readonly string[], options: BenchOptions): Promise<number> {
  const { planBenchmark } = await import('../../bench/plan.ts')
  const { runBenchmark } = await import('../../bench/run.ts')
  const plan = planOrComplain(io, () => {
    requireWritable(io.cwd, '--html', options.html, '.html')
    requireWritable(io.cwd, '--markdown', options.markdown, '.md')
    return planBenchmark(scenarios, options, io.cwd)
  })
  if (plan === undefined) return exitCode.usage
  for (const peer of plan.missing) io.stderr(`${peer.name} is left out. To have it: ${peer.install}\n`)

  const interrupt = new AbortController()
  let signal: Signal | undefined
  const stop = (received: Signal): void => {
    signal = received
    interrupt.abort()
  }
  const stopWatching = [io.onSignal(stop), io.onHangup(() => stop('SIGTERM'))]
  const status = createStatusLine(io, plan.estimateSeconds, interrupt.signal)
  try {
    const results = await runBenchmark({ ...plan, ...status, date: new Date().toISOString(), signal: interrupt.signal })
    status.clear()
    await write(io, options, results)
    if (signal !== undefined) {
      io.stderr('Ended early: not all was measured.\n')
      return exitCode[signal]
    }
    return results.rows.length > 0 ? exitCode.ok : exitCode.failure
  } finally {
    for (const stop of stopWatching) stop()
  }
}

async function write(io: ServiceIo, options: BenchOptions, results: Results): Promise<void> {
  const { renderHtml } = await import('../../bench/report/html.ts')
  const { renderMarkdown } = await import('../../bench/report/markdown.ts')
  const { renderTerminal } = await import('../../bench/report/terminal.ts')
  if (options.json) io.data(`${JSON.stringify(results, undefined, 2)}\n`)
  else io.stdout(renderTerminal(results))
  const files = [
    { path: options.html, text: renderHtml },
    { path: options.markdown, text: renderMarkdown },
  ]
  for (const { path, text } of files) {
    if (path === undefined) continue
    await Bun.write(resolve(io.cwd, path), text(results))
    io.stderr(`Written: ${path}\n`)
  }
}

/** Said before five minutes of measuring, not after. The ending keeps `--html steady` from being taken for a file. */
function requireWritable(cwd: string, flag: string, path: string | undefined, ending: string): void {
  if (path === undefined) return
  if (extname(path) !== ending) throw new Error(`${flag} must be a file that ends in ${ending}, got '${path}'`)
  try {
    accessSync(dirname(resolve(cwd, path)), constants.W_OK)
  } catch {
    throw new Error(`${flag} must be in a folder that exists and can be written to, got '${path}'`)
  }
}

/** A wrong name or number is the user's to correct: one line, no stack. */
function planOrComplain<T>(io: ServiceIo, plan: () => T): T | undefined {
  try {
    return plan()
  } catch (error) {
    io.stderr(`smartedge: ${error instanceof Error ? error.message : String(error)}\n`)
    return undefined
  }
}

/** One line that is written over on a terminal, which may be gone after the end; elsewhere only complaints are worth a line. */
function createStatusLine(io: ServiceIo, estimateSeconds: number, end: AbortSignal) {
  const startMs = performance.now()
  const clear = (): void => (io.stderrIsTty ? io.stderr('\r\u001B[K') : undefined)
  return {
    clear,
    progress(text: string): void {
      const seconds = Math.round((performance.now() - startMs) / 1000)
      if (io.stderrIsTty && !end.aborted)
        io.stderr(`\r\u001B[K[${seconds} of about ${Math.round(estimateSeconds)} s] ${text}`)
    },
    complain(text: string): void {
      clear()
      io.stderr(`${text}\n`)
    },
  }
}

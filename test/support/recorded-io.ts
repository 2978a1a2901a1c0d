/** An `Io` that keeps what is written. */
import type { Io } from '../../cli/process/io.ts'

export interface RecordedIo extends Io {
  /** All of standard output so far. */
  out(): string
  /** All of standard error so far. */
  err(): string
}

export function recordedIo(cwd: string, env: Io['env'] = {}): RecordedIo {
  let [out, err] = ['', '']
  return {
    stdout: (text) => void (out += text),
    data: (text) => void (out += text),
    stderr: (text) => void (err += text),
    env,
    cwd,
    command: 'smartedge',
    ascii: false,
    columns: () => undefined,
    confirm: undefined,
    isTty: false,
    color: false,
    out: () => out,
    err: () => err,
  }
}

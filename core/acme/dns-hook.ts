/**
 * Presents challenges of dns-01 by a program of the user's: `PROGRAM present|remove RECORD VALUE`, with 0 when it is done.
 * A TypeScript or JavaScript file is run by the Bun that we run on ourselves.
 */
import { createHash } from 'node:crypto'
import process from 'node:process'
import type { Clock } from '../clock.ts'
import { type AcmeFault, fault } from './fault.ts'
import { recordName } from './names.ts'
import type { Presenter, Proof } from './presenter.ts'

/** Providers' APIs are slow; one that takes longer than this is stuck. */
const TIMEOUT_MS = 2 * 60_000
/** Of what it says when it fails, the end. */
const MAX_WORDS = 300

export interface DnsHookOptions {
  /** Absolute path. */
  readonly program: string
  readonly settleMs: number
  readonly clock: Pick<Clock, 'after'>
}

/** RFC 8555 8.4: what the record holds. */
export const recordValue = ({ keyAuthorization }: Proof): string =>
  createHash('sha256').update(keyAuthorization).digest('base64url')

export function dnsHook({ program, settleMs, clock }: DnsHookOptions): Presenter {
  const run = (act: 'present' | 'remove', proof: Proof): Promise<AcmeFault | undefined> =>
    runHook([...commandOf(program), act, recordName(proof.name), recordValue(proof)], clock)
  return {
    settleMs,
    present: (proof) => run('present', proof),
    // A record that stays proves nothing to anybody but the one who asked for it.
    remove: async (proof) => void (await run('remove', proof)),
  }
}

const commandOf = (program: string): readonly string[] =>
  /\.[cm]?[jt]s$/.test(program) ? [process.execPath, program] : [program]

async function runHook(command: readonly string[], clock: Pick<Clock, 'after'>): Promise<AcmeFault | undefined> {
  const [program = ''] = command.length > 4 ? command.slice(1) : command
  try {
    // In a compiled program that path is ours: this has it act as Bun.
    const env = { ...process.env, BUN_BE_BUN: '1' }
    const child = Bun.spawn([...command], { env, stdin: 'ignore', stdout: 'ignore', stderr: 'pipe' })
    let isLate = false
    const cancel = clock.after(TIMEOUT_MS, () => {
      isLate = true
      child.kill('SIGKILL')
    })
    const [code, words] = await Promise.all([child.exited, lastWords(child.stderr)])
    cancel()
    if (isLate) return fault('own', `${program} did not end within ${TIMEOUT_MS / 1000} s`)
    return code === 0 ? undefined : fault('own', `${program} ended with ${code}: ${words || 'it said nothing'}`)
  } catch (error) {
    return fault('own', `${program} could not be run: ${error instanceof Error ? error.message : String(error)}`)
  }
}

async function lastWords(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder()
  let words = ''
  for await (const piece of stream) words = (words + decoder.decode(piece, { stream: true })).slice(-MAX_WORDS)
  return words.trim()
}

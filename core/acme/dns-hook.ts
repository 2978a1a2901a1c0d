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
/** For what it has said to arrive, once it has ended. */
const LAST_WORDS_MS = 1000

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
    runHook(program, [act, recordName(proof.name), recordValue(proof)], clock)
  return {
    settleMs,
    present: (proof) => run('present', proof),
    // A record that stays proves nothing to anybody but the one who asked for it.
    remove: async (proof) => void (await run('remove', proof)),
  }
}

/** Never rejects; undefined: it is done. */
async function runHook(
  program: string,
  args: readonly string[],
  clock: Pick<Clock, 'after'>,
): Promise<AcmeFault | undefined> {
  try {
    const child = spawn(program, args)
    let isLate = false
    const cancel = clock.after(TIMEOUT_MS, () => {
      isLate = true
      child.kill('SIGKILL')
    })
    const reader = child.stderr.getReader()
    const reading = listen(reader)
    const code = await child.exited
    cancel()
    // What it has started may go on, and hold what it speaks on: nobody listens to that.
    const cancelWait = clock.after(LAST_WORDS_MS, () => void reader.cancel())
    const last = (await reading).trim()
    cancelWait()
    if (isLate) return fault('own', `${program} did not end within ${TIMEOUT_MS / 1000} s`)
    return code === 0 ? undefined : fault('own', `${program} ended with ${code}: ${last || 'it said nothing'}`)
  } catch (error) {
    return fault('own', `${program} could not be run: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function spawn(program: string, args: readonly string[]) {
  const options = { stdin: 'ignore', stdout: 'ignore', stderr: 'pipe' } as const
  if (!/\.[cm]?[jt]s$/.test(program)) return Bun.spawn([program, ...args], options)
  // In a compiled program that path is ours: the variable has it act as Bun.
  return Bun.spawn([process.execPath, program, ...args], { ...options, env: { ...process.env, BUN_BE_BUN: '1' } })
}

interface Pieces {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>
}

/** The end of what it says, once it says no more. */
async function listen(reader: Pieces): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for (let read = await reader.read(); !read.done; read = await reader.read())
    text = (text + decoder.decode(read.value, { stream: true })).slice(-MAX_WORDS)
  return text
}

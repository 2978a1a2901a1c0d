/** Which verbs need Bun: those that serve, measure or run strategies. The others run on Deno too. */

import { isOneFile } from '../../core/own-place.ts'

/** A verb was called where it cannot run; the message is for people. */
export class RuntimeError extends Error {
  override readonly name = 'RuntimeError'
}

/** Throws a `RuntimeError` with what to do instead, unless this is Bun. */
export function requireBun(verb: string): void {
  if (typeof Bun === 'undefined')
    throw new RuntimeError(`${verb} runs on Bun only: call it as smartedge ${verb}, or as bun cli/main.ts ${verb}`)
}

/** Throws a `RuntimeError` where there is no package around this program: a verb that starts programs of the package has none to start. */
export function requirePackage(verb: string): void {
  if (isOneFile)
    throw new RuntimeError(`${verb} starts programs that are not within this one file: install SmartEdge by npm for it`)
}

/** Which verbs need Bun: those that serve, measure or run strategies. The others run on Deno too. */

/** A verb was called where it cannot run; the message is for people. */
export class RuntimeError extends Error {
  override readonly name = 'RuntimeError'
}

/** Throws a `RuntimeError` with what to do instead, unless this is Bun. */
export function requireBun(verb: string): void {
  if (typeof Bun === 'undefined')
    throw new RuntimeError(`${verb} runs on Bun only: call it as smartedge ${verb}, or as bun cli/main.ts ${verb}`)
}

/**
 * Functions of libc by bun:ffi, on Linux; elsewhere, or should the loader object, there are none. What C gets a pointer to
 * lies in one arena with an ArrayBuffer of its own: smaller typed arrays move.
 */
import type * as BunFfi from 'bun:ffi'

export type Ffi = typeof BunFfi
export type Call = (...args: number[]) => number

/** What a binding is made of. */
export interface Opened<Name extends string> {
  readonly ffi: Ffi
  readonly call: Readonly<Record<Name, Call>>
  readonly arena: Buffer
  /** Where the arena lies in memory. */
  readonly start: number
}

/** glibc, musl on each processor that Bun runs on. */
const NAMES = ['libc.so.6', 'libc.musl-x86_64.so.1', 'libc.musl-aarch64.so.1']
const ARENA_BYTES = 2048

/** What `bind` makes of the first libc that has all of `signatures`; undefined: there is none, or `bind` will not have it. */
export function fromLibc<Name extends string, Bound>(
  signatures: Readonly<Record<Name, BunFfi.FFIFunction>>,
  bind: (opened: Opened<Name>) => Bound | undefined,
  names: readonly string[] = NAMES,
): Bound | undefined {
  if (process.platform !== 'linux') return undefined
  // Not imported: client commands run on Deno, which refuses the module.
  const ffi = process.getBuiltinModule('bun:ffi') as Ffi | undefined
  if (ffi === undefined) return undefined
  for (const name of names) {
    try {
      const call = ffi.dlopen(name, signatures).symbols as unknown as Opened<Name>['call']
      const arena = Buffer.from(new ArrayBuffer(ARENA_BYTES))
      const bound = bind({ ffi, call, arena, start: Number(ffi.ptr(arena)) })
      if (bound !== undefined) return bound
    } catch {
      // Another libc.
    }
  }
  return undefined
}

/** The end of the process from any of its threads, whatever its event loop does: C's, as nothing of JavaScript ends more than a thread. */
import { fromLibc } from './ffi.ts'

/** Does not return, but where there is no libc to ask. */
export function exitAtOnce(code: number): void {
  fromLibc({ _exit: { args: ['i32'], returns: 'void' } }, ({ call }) => call._exit(code))
}

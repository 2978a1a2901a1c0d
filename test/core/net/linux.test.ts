/** What Linux's numbers and structures are taken for, held to the headers of whichever C compilers are here. */
import { describe, expect, test } from 'bun:test'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ADDRESS_BYTES, MAX_PATH_BYTES } from '../../../core/net/epoll/sockaddr.ts'
import * as linux from '../../../core/net/linux.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

/** Of each kind of system that we say we run on: processor and libc. */
const compilers: readonly (readonly [command: string, arch: 'x64' | 'arm64', ...options: string[]])[] = [
  ['x86_64-linux-gnu-gcc', 'x64'],
  ['aarch64-linux-gnu-gcc', 'arm64'],
  // It finds the kernel's own headers, which are nobody's libc, behind its own.
  ['musl-gcc', 'x64', '-idirafter', '/usr/include', '-idirafter', '/usr/include/x86_64-linux-gnu'],
]

const HEADERS = [
  'fcntl.h',
  'netinet/in.h',
  'netinet/tcp.h',
  'stddef.h',
  'sys/epoll.h',
  'sys/socket.h',
  'sys/un.h',
  'linux/filter.h',
]

/** What of a struct is read and written by the number. */
const layouts: Readonly<Record<string, number>> = {
  'sizeof(struct sockaddr_in)': 16,
  'offsetof(struct sockaddr_in, sin_port)': 2,
  'offsetof(struct sockaddr_in, sin_addr)': 4,
  'sizeof(struct sockaddr_in6)': 28,
  'offsetof(struct sockaddr_in6, sin6_addr)': 8,
  'sizeof(struct sockaddr_un)': ADDRESS_BYTES,
  'sizeof(((struct sockaddr_un *)0)->sun_path)': MAX_PATH_BYTES + 1,
  'sizeof(struct linger)': 8,
  'offsetof(struct linger, l_onoff)': 0,
  'offsetof(struct tcp_info, tcpi_unacked)': 24,
  'sizeof(struct sock_fprog)': 16,
  'offsetof(struct sock_fprog, filter)': 8,
  'sizeof(struct sock_filter)': 8,
  'offsetof(struct sock_filter, k)': 4,
  'sizeof(socklen_t)': 4,
}

const eventLayout = (arch: string): Readonly<Record<string, number>> => ({
  'sizeof(struct epoll_event)': 4 * linux.eventWords(arch),
  'offsetof(struct epoll_event, data)': 4 * (linux.eventWords(arch) - 2),
})

const constants = Object.fromEntries(
  Object.entries(linux).flatMap(([name, value]) => (typeof value === 'number' ? [[name, value]] : [])),
)

/** The expressions among `claims` that are something else for that compiler. */
function wrong(
  claims: Readonly<Record<string, number>>,
  [command, , ...options]: (typeof compilers)[number],
): string[] {
  const lines = Object.entries(claims).map(
    ([expression, value]) => `_Static_assert((int)(${expression}) == ${value}, "");`,
  )
  const source = [...HEADERS.map((name) => `#include <${name}>`), ...lines].join('\n')
  const file = join(temporaryFolder(), 'claims.c')
  writeFileSync(file, source)
  const { stderr, status } = spawnSync(command, ['-std=c11', '-D_GNU_SOURCE', '-fsyntax-only', ...options, file], {
    encoding: 'utf8',
  })
  const named = [...stderr.matchAll(/claims\.c:(\d+):/g)].map(([, line]) => source.split('\n')[Number(line) - 1] ?? '')
  return status === 0 ? [] : [...new Set(named), ...(named.length === 0 ? [stderr] : [])]
}

describe.each(compilers)('what the headers of %s say', (...compiler) => {
  const [command, arch] = compiler
  if (Bun.which(command) === null)
    test('is not looked up, for it is not installed', () => {
      expect(Bun.which(command)).toBeNull()
    })
  else {
    test('is what our numbers are', () => {
      expect(Object.keys(constants).length).toBeGreaterThan(30)
      expect(wrong(constants, compiler)).toEqual([])
    })

    test('is how our structures lie', () => {
      expect(wrong({ ...layouts, ...eventLayout(arch) }, compiler)).toEqual([])
    })
  }
})

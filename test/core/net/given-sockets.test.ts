import { describe, expect, test } from 'bun:test'
import { givenDescriptors, namedDescriptors } from '../../../core/net/given-sockets.ts'

const self = { pid: 4711, ppid: 1 }

describe('descriptors that were given', () => {
  test.each([
    [{}, []],
    [{ LISTEN_PID: '4711', LISTEN_FDS: '2' }, [3, 4]],
    [{ LISTEN_PID: '1', LISTEN_FDS: '1' }, [3]],
    [{ LISTEN_PID: '4712', LISTEN_FDS: '2' }, []],
    [{ LISTEN_PID: '04711', LISTEN_FDS: '2' }, []],
    [{ LISTEN_FDS: '2' }, []],
    [{ LISTEN_PID: '4711' }, []],
    [{ LISTEN_PID: '4711', LISTEN_FDS: '' }, []],
    [{ LISTEN_PID: '4711', LISTEN_FDS: '0' }, []],
    [{ LISTEN_PID: '4711', LISTEN_FDS: '-1' }, []],
    [{ LISTEN_PID: '4711', LISTEN_FDS: '1e3' }, []],
    [{ LISTEN_PID: '4711', LISTEN_FDS: '1025' }, []],
    [{ LISTEN_PID: '4711', LISTEN_FDS: '99999999999' }, []],
  ])('by %j', (env, expected) => {
    expect(givenDescriptors(env, self)).toEqual(expected)
  })
})

test.each([
  ['web:admin', ['web', 'admin']],
  ['web:', ['web', '']],
  ['web', [undefined, undefined]],
  ['a:b:c', [undefined, undefined]],
  [undefined, [undefined, undefined]],
])('have the names of their units, where there is one for each: %p', (names, expected) => {
  const env = { LISTEN_PID: '4711', LISTEN_FDS: '2', LISTEN_FDNAMES: names }
  expect(namedDescriptors(env, self)).toEqual([
    { fd: 3, name: expected[0] },
    { fd: 4, name: expected[1] },
  ])
})

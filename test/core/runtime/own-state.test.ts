import { describe, expect, test } from 'bun:test'
import { chmodSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { EdgeEvent } from '../../../core/observe/events.ts'
import { ownState } from '../../../core/runtime/own-state.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

function stateIn(folder: string, config = '/etc/edge.json') {
  const events: EdgeEvent[] = []
  const env = { XDG_STATE_HOME: folder, HOME: folder }
  const state = ownState({ name: 'deploys', config, env, emit: (event) => void events.push(event) })
  return { state, events }
}

const fileIn = (folder: string): string => join(folder, 'smartedge', readdirSync(join(folder, 'smartedge'))[0] ?? '')

describe('what outlives the process', () => {
  test('is read by the next one of the same configuration, and by no other', () => {
    const folder = temporaryFolder()
    expect(stateIn(folder).state.read()).toBeUndefined()
    stateIn(folder).state.write('one')
    stateIn(folder).state.write('two')
    expect(stateIn(folder).state.read()).toBe('two')
    expect(stateIn(folder, '/etc/other.json').state.read()).toBeUndefined()
    expect(statSync(fileIn(folder)).mode & 0o777).toBe(0o600)
  })

  test.each(['others may write', 'it is a link', 'it is a folder'])('is not taken when %s, and that is told', (how) => {
    const folder = temporaryFolder()
    stateIn(folder).state.write('one')
    const file = fileIn(folder)
    const other = temporaryFolder()
    stateIn(other).state.write('planted')
    const planted = fileIn(other)
    const names = join(temporaryFolder(), 'smartedge')
    mkdirSync(names)
    const target = join(names, file.slice(file.lastIndexOf('/') + 1))
    if (how === 'it is a link') symlinkSync(planted, target)
    else if (how === 'it is a folder') mkdirSync(target)
    else {
      writeFileSync(target, 'planted')
      chmodSync(target, 0o666)
    }
    const { state, events } = stateIn(join(names, '..'))
    expect(state.read()).toBeUndefined()
    expect(events).toMatchObject([{ kind: 'state-ignored', file: target }])
  })

  test('goes on in memory where it cannot be kept, and that is told', () => {
    const folder = join(temporaryFolder(), 'file')
    writeFileSync(folder, '')
    const events: EdgeEvent[] = []
    const env = { XDG_STATE_HOME: folder }
    ownState({ name: 'deploys', config: '/a', env, emit: (event) => void events.push(event) }).write('one')
    expect(events).toMatchObject([{ kind: 'fault', detail: expect.stringContaining('deploys are not kept') }])
  })
})

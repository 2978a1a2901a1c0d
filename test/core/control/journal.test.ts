import { describe, expect, test } from 'bun:test'
import type { Change } from '../../../core/control/contract.ts'
import { createJournal } from '../../../core/control/journal.ts'
import type { ReloadRecord } from '../../../core/report/reload-status.ts'
import { controlled } from '../../support/controlled.ts'

const generation = (number: number) => ({ number, at: '2026-11-21T12:00:00.000Z', origin: 'api', summary: 'x' })
const change = (text: string): Change => ({ kind: 'other', key: 'limits', text, connections: 3, tunnels: 1 })
const reload = (problems: number): ReloadRecord => ({
  at: '2026-11-21T12:00:00.000Z',
  ok: problems === 0,
  origin: 'api',
  problems: Array.from({ length: problems }, (_, index) => `edge.json:${index + 1}:1: x`),
  result: problems === 0 ? 'applied' : 'refused',
  generation: 1,
  kept: [],
  omitted: 2,
})

describe('the journal', () => {
  test('keeps the newest 50 of each, newest first', () => {
    const journal = createJournal()
    for (let number = 1; number <= 60; number += 1) {
      journal.noteGeneration(generation(number), [], [])
      journal.noteReload({ ...reload(0), generation: number })
    }
    const told = [journal.generations().map((one) => one.number), journal.reloads().map((one) => one.generation)]
    const newest = Array.from({ length: 50 }, (_, index) => 60 - index)
    expect(told).toEqual([newest, newest])
  })

  test('keeps 200 changes of one, and says how many more there were', () => {
    const journal = createJournal()
    const changes = Array.from({ length: 205 }, (_, index) => change(`change ${index}`))
    journal.noteGeneration(generation(2), changes, ['geo.database read anew'])
    const [newest] = journal.generations()
    expect([newest?.changes.length, newest?.omitted]).toEqual([200, 6])
    expect(newest?.changes[199]).toEqual({ key: 'limits', text: 'change 199' })
    journal.noteGeneration(generation(3), [], ['geo.database read anew'])
    expect(journal.generations()[0]?.changes).toEqual([{ key: '', text: 'geo.database read anew' }])
  })

  test('keeps 50 problems of one, and adds the others to those left out before', () => {
    const journal = createJournal()
    journal.noteReload(reload(53))
    expect([journal.reloads()[0]?.problems.length, journal.reloads()[0]?.omitted]).toEqual([50, 5])
  })
})

const web = (backends: string, more = '') => `{ "pools": { "web": { "backends": ${backends} } }${more} }`

describe('a controller', () => {
  test('remembers what was in force, and what changed', async () => {
    const one = await controlled({ 'edge.json': web('["http://a"]', ', "admin": { "token": "hunter2" }') })
    one.write('edge.json', web('["http://b"]', ', "admin": { "token": "swordfish" }'))
    await one.controller.reload('cli')
    await one.controller.rollback('api')
    const generations = one.controller.generations()
    expect(generations.map(({ number, origin }) => [number, origin])).toEqual([
      [3, 'api'],
      [2, 'cli'],
      [1, 'start'],
    ])
    expect(generations.map(({ changes }) => changes)).toEqual([
      [
        { key: 'admin', text: 'token changed' },
        { key: 'pools.web', text: 'backend a:80 added' },
        { key: 'pools.web', text: 'backend b:80 removed' },
      ],
      [
        { key: 'admin', text: 'token changed' },
        { key: 'pools.web', text: 'backend b:80 added' },
        { key: 'pools.web', text: 'backend a:80 removed' },
      ],
      [],
    ])
    expect(JSON.stringify(generations)).not.toMatch(/hunter2|swordfish/)
  })

  test('remembers what each reload came to', async () => {
    const one = await controlled({ 'edge.json': web('["http://a"]') })
    expect(one.controller.reloads()).toEqual([])
    await one.controller.reload('a')
    one.write('edge.json', web('["http://b"]'))
    await one.controller.reload('b')
    one.write('edge.json', '{ "pools": 7 }')
    await one.controller.reload('c')
    const told = one.controller.reloads()
    expect(told.map(({ origin, ok, result, generation }) => [origin, ok, result, generation])).toEqual([
      ['c', false, 'refused', 2],
      ['b', true, 'applied', 2],
      ['a', true, 'unchanged', 1],
    ])
    expect(told[0]?.problems).toEqual([expect.stringContaining('edge.json:1:12: pools')])
  })
})

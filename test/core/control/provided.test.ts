import { describe, expect, test } from 'bun:test'
import type { Provided } from '../../../core/config/provided.ts'
import { readDraft } from '../../../core/config/read-draft.ts'
import { controlled } from '../../support/controlled.ts'
import { fail } from '../../support/fail.ts'

const web = (backends: string, more = '') => `{ "pools": { "web": { "backends": ${backends} } }${more} }`

/** A pool for each name, and a route to it from the host of that name. */
function providing(...names: readonly string[]): Provided {
  const pools = names.map((name) => ({ name, settings: {}, discovery: [] }))
  const routes = names.map((name) => ({ match: { host: `${name}.test` }, pool: name }))
  const read = readDraft({ pools, routes }, 'docker x')
  return read.kind === 'parts' ? read : fail(read.reason)
}

/** `names`: what a provider adds from the start. */
async function starting(...names: readonly string[]) {
  const one = await controlled({ 'edge.json': web('["http://a"]') })
  const pools = (): string[] => one.edge.config.pools.map(({ name }) => name)
  const provide = async (...some: readonly string[]): Promise<void> => {
    one.edge.provided = providing(...some)
    await one.controller.refresh('docker x')
  }
  if (names.length > 0) await provide(...names)
  return { ...one, pools, provide }
}

describe('what providers add', () => {
  test('is a generation of its own, with its origin', async () => {
    const one = await starting()
    await one.provide('api')
    expect([one.pools(), one.controller.state().generation]).toMatchObject([
      ['web', 'api'],
      { number: 2, origin: 'docker x', summary: 'routes: added: api.test to api; pools.api: added, 0 backends' },
    ])
    await one.provide('api')
    expect(one.controller.state().generation.number).toBe(2)
    expect(one.events.map(({ kind }) => kind)).toEqual(['reloaded'])
  })

  test('is told with its own origin though a preview has put it in force before', async () => {
    const one = await starting()
    one.edge.provided = providing('api')
    expect(await one.controller.reapply()).toEqual([])
    expect(one.controller.state().generation.number).toBe(1)
    await one.controller.refresh('docker x')
    expect(one.controller.state().generation).toMatchObject({ number: 2, origin: 'docker x' })
    await one.controller.reapply()
    await one.controller.refresh('docker x')
    expect(one.controller.state().generation.number).toBe(2)
  })

  test('stays with a file that is saved anew, and is no change of its plan', async () => {
    const one = await starting('api')
    expect(await one.controller.plan()).toMatchObject({ kind: 'plan', changes: [] })
    one.write('edge.json', web('["http://b"]'))
    expect(await one.controller.plan()).toMatchObject({ summary: 'pools.web: +b:80, -a:80' })
    expect(await one.controller.reload('cli')).toMatchObject({ kind: 'applied' })
    expect([one.pools(), one.members('web')]).toEqual([['web', 'api'], { 'b:80': 1 }])
  })

  test('does not bring a file with it that is saved and not yet loaded', async () => {
    const one = await starting()
    one.write('edge.json', web('["http://b"]'))
    await one.provide('api')
    expect([one.pools(), one.members('web')]).toEqual([['web', 'api'], { 'a:80': 1 }])
  })

  test('is that of now where somebody goes back', async () => {
    const one = await starting('api')
    await one.provide('cart')
    expect(await one.controller.planRollback()).toMatchObject({ changes: [] })
    expect(await one.controller.rollback('cli')).toMatchObject({ kind: 'applied' })
    expect(one.pools()).toEqual(['web', 'cart'])
    await one.provide('cart', 'shop')
    const { summary } = one.controller.state().generation
    expect(summary).toBe('routes: added: shop.test to shop; pools.shop: added, 0 backends')
  })

  test('is no version of a pool of the file that is faulty', async () => {
    const one = await starting('api')
    const faulty = '{ "routes": [{ "pool": "web" }], "pools": { "web": { "backends": [] }, "api": { "backends": 3 } } }'
    one.write('edge.json', faulty)
    expect((await one.controller.reload('cli')).kind).toBe('refused')
    expect(one.pools()).toEqual(['web', 'api'])
  })

  test('that is refused leaves everything as it was, and is told', async () => {
    const one = await starting()
    one.edge.refuses = () => [{ key: 'pools.api', message: 'no' }]
    await one.provide('api')
    expect(one.pools()).toEqual(['web'])
    expect(one.events).toMatchObject([
      { kind: 'reload-failed', origin: 'docker x', problems: ['docker x:1:1: pools.api no'], kept: [] },
    ])
  })

  test('is not edited here', async () => {
    const one = await starting('api')
    const edit = { kind: 'add', pool: 'api', member: 'http://c' } as const
    expect(await one.controller.edit(edit, 'cli')).toMatchObject({
      kind: 'conflict',
      detail: 'The pool api stands in no file: docker x makes it, and is where it is changed.',
    })
  })
})

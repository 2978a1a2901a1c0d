import { describe, expect, test } from 'bun:test'
import { createTransportPart } from '../../../core/runtime/transport-part.ts'
import { NO_MOVE } from '../../../core/part.ts'
import { testConfig } from '../../support/edge.ts'

describe('the kind of sockets', () => {
  test.each(['auto', 'bun'] as const)('that a config keeps to be %s is no change', async (transport) => {
    const part = createTransportPart(transport)
    expect(await part.prepare(testConfig({ transport }))).toEqual(NO_MOVE)
  })

  test.each([
    ['auto', 'bun'],
    ['bun', 'auto'],
  ] as const)('stays %s when a config says %s, and that is told', async (chosen, transport) => {
    const move = await createTransportPart(chosen).prepare(testConfig({ transport }))
    expect(move.isNews).toBe(false)
    expect(move.kept).toEqual([{ key: 'transport', message: `stays "${chosen}" until SmartEdge is started again` }])
  })
})

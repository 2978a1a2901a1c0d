import { describe, expect, test } from 'bun:test'
import { formats } from '../../../core/trace/formats.ts'
import { formatNames } from '../../../core/trace/policy.ts'
import { spanIdOf, traceIdOf } from '../../../core/trace/trace-ids.ts'
import { unrecordedLines } from '../../../core/trace/unrecorded-lines.ts'
import { countingIds } from '../../support/tracing.ts'

describe('lines of an unrecorded trace', () => {
  test.each([[['tracecontext']], [['b3', 'tracecontext']], [[...formatNames]]] as const)(
    'are those that each format writes, of each request its own: %p',
    (names) => {
      const used = names.map((name) => formats[name])
      const lines = unrecordedLines(used)
      const source = countingIds()
      for (let count = 0; count < 400; count += 1) {
        const ids = source.draw()
        const context = { traceId: traceIdOf(ids), spanId: spanIdOf(ids), isSampled: false, isRandom: true }
        const out = Buffer.alloc(lines.length + 8)
        expect(lines.write(ids, out, 3)).toBe(lines.length + 3)
        const written = used.map((format) => format.write(context)).join('')
        expect(out.toString('latin1')).toBe(`\0\0\0${written}\0\0\0\0\0`)
      }
    },
  )
})

/** What a strategy threw, for people: it may be anything, so nothing here is taken on trust. */
import { ownFile } from '../own-place.ts'

const coreFolder = ownFile('core/')

/** `file:line:column` of the innermost frame outside SmartEdge's core; undefined when there is none. */
export function positionOf(thrown: unknown): string | undefined {
  const stack = read(() => (thrown instanceof Error ? thrown.stack : undefined))
  if (typeof stack !== 'string') return undefined
  const frames = stack.matchAll(/(?:\(|\bat )(\/[^\n()]+:\d+:\d+)\)?$/gm)
  return frames.map(([, frame = '']) => frame).find((frame) => !frame.startsWith(coreFolder))
}

/** Its message, or itself as text, of any length. Never throws. */
export function messageOf(thrown: unknown): string {
  return read(() => String(thrown instanceof Error ? thrown.message : thrown)) ?? 'something unspeakable'
}

/** undefined when a getter or `toString` throws in its turn. */
function read<Value>(get: () => Value): Value | undefined {
  try {
    return get()
  } catch {
    return undefined
  }
}

/** What a strategy, or another file of the user's, threw, for people: it may be anything, so nothing here is taken on trust. */
import { ownFile } from '../own-place.ts'

const coreFolder = ownFile('core/')

/** `file:line:column` of the innermost frame outside SmartEdge's core; undefined when there is none. */
export function positionOf(thrown: unknown): string | undefined {
  const stack = read(() => (thrown instanceof Error ? thrown.stack : undefined))
  if (typeof stack !== 'string') return undefined
  const frames = stack.matchAll(/(?:\(|\bat )(\/[^\n()]+:\d+:\d+)\)?$/gm)
  return frames.map(([, frame = '']) => frame).find((frame) => !frame.startsWith(coreFolder))
}

/**
 * `file:line:column: message`, as near as can be told. Bun throws a BuildMessage with a position for a syntax error, an
 * AggregateError of several; before what the file threw itself stands `doing`.
 */
export function whereAndWhat(file: string, error: unknown, doing = ''): string {
  if (error instanceof AggregateError) return error.errors.map((one) => whereAndWhat(file, one, doing)).join('\n')
  if (error instanceof BuildMessage && error.position !== null) {
    const { file: source, line, column } = error.position
    return `${source}:${line}:${column}: ${error.message}`
  }
  if (error instanceof ResolveMessage || error instanceof SyntaxError) return `${file}: ${error.message}`
  return `${positionOf(error) ?? file}: ${doing}${messageOf(error)}`
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

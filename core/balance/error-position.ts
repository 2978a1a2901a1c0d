/** Where in a strategy's own code an error was thrown: what its author wants to know first. */
import { resolve } from 'node:path'

const coreFolder = `${resolve(import.meta.dir, '..')}/`

/** `file:line:column` of the innermost frame outside SmartEdge's core; undefined when there is none. */
export function positionOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || typeof error.stack !== 'string') return undefined
  const frames = error.stack.matchAll(/(?:\(|\bat )(\/[^\n()]+:\d+:\d+)\)?$/gm)
  return frames.map(([, frame = '']) => frame).find((frame) => !frame.startsWith(coreFolder))
}

/** Errors without their stacks: refusals thrown by the hundred thousand would spend most of their time on them. */
import { afterAll, beforeAll } from 'bun:test'

/** In the test file that calls it. */
export function withoutStacks(): void {
  const { stackTraceLimit } = Error
  beforeAll(() => void (Error.stackTraceLimit = 0))
  afterAll(() => void (Error.stackTraceLimit = stackTraceLimit))
}

/** For what must not be called with an error in a test. */
export const fail = (error: unknown): never => {
  throw error
}

/** Work in a transaction: committed when it resolves, undone when it rejects, and then this rejects as it does. */
import type { Query } from './database.ts'

/** `begin`: what begins it. */
export async function transact<T>(
  query: Query,
  begin: () => Promise<unknown>,
  work: (query: Query) => Promise<T>,
): Promise<T> {
  try {
    await begin()
    const result = await work(query)
    await query('COMMIT', [])
    return result
  } catch (error) {
    // What went wrong may have ended it by itself, or have kept it from beginning.
    await query('ROLLBACK', []).catch(() => undefined)
    throw error
  }
}

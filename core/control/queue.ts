/** One task after another, in the order they came; and tasks of which several in a row are worth no more than one. */

export interface Queue {
  /** The promise is the task's own; a task that rejects does not hold up the next. */
  <T>(task: () => Promise<T>): Promise<T>
  /** Whether nothing was asked for after the task of this promise. */
  isLast(promise: Promise<unknown>): boolean
}

export function createQueue(): Queue {
  let last: Promise<unknown> = Promise.resolve()
  const push = <T>(task: () => Promise<T>): Promise<T> => {
    const run = last.then(task, task)
    last = run
    return run
  }
  return Object.assign(push, { isLast: (promise: Promise<unknown>) => promise === last })
}

/**
 * Calls of `act` in the queue: those that still wait, with nothing else behind them, are made as one, which is given what
 * each was called with. Whoever calls a second time has only to know that everything from before is looked at.
 */
export function joinWaiting<A, T>(queue: Queue, act: (all: readonly A[]) => Promise<T>): (one: A) => Promise<T> {
  let waiting: { readonly all: A[]; readonly result: Promise<T> } | undefined
  return (one) => {
    if (waiting !== undefined && queue.isLast(waiting.result)) {
      waiting.all.push(one)
      return waiting.result
    }
    const all = [one]
    const result = queue(() => {
      if (waiting?.all === all) waiting = undefined
      return act(all)
    })
    waiting = { all, result }
    return result
  }
}

/** One task after another, in the order they came. */

export type Queue = <T>(task: () => Promise<T>) => Promise<T>

/** The promise of a task is the task's own; a task that rejects does not hold up the next. */
export function createQueue(): Queue {
  let last: Promise<unknown> = Promise.resolve()
  return (task) => {
    const run = last.then(task, task)
    last = run
    return run
  }
}

/**
 * Who waits for whom at a simulated backend: nobody (`infinite`), each for those before it (`fifo`), or all share one
 * server at all times (`processorSharing`). In queueing theory's words: M/G/∞, M/G/c and M/G/1-PS, whose formulas hold them
 * to it in the tests.
 */
import { createEvents, type Events } from './events.ts'

/** ms of work, for a request whose service begins at `startsAt`. */
export type Work = (startsAt: number) => number

/** Takes a request now; `done` is called on virtual time, once its work is. */
export type Station = (work: Work, done: () => void) => void

export type Discipline = (events: Events) => Station

/** As a backend that only waits, for a database say. */
export const infinite: Discipline = (events) => (work, done) => events.at(events.now + work(events.now), done)

/** First in, first out, at `servers` servers. */
export const fifo =
  (servers = 1): Discipline =>
  (events) => {
    const freeAt = new Float64Array(servers)
    return (work, done) => {
      const next = freeAt.indexOf(Math.min(...freeAt))
      const startsAt = Math.max(events.now, freeAt[next] ?? 0)
      const endsAt = startsAt + work(startsAt)
      freeAt[next] = endsAt
      events.at(endsAt, done)
    }
  }

/**
 * Of n requests each gets an n-th of the server. Time is reckoned in the ms of work that each has had by now, so that a
 * request's end is known when it comes.
 */
export const processorSharing: Discipline = (events) => {
  const ends = createEvents()
  let present = 0
  let worked = 0
  let reckonedAt = 0
  let turn = 0

  function reckon(): void {
    if (present > 0) worked += (events.now - reckonedAt) / present
    reckonedAt = events.now
  }

  /** For the next end, as things stand. */
  function waitForNext(): void {
    const due = ends.nextAt
    const awaited = (turn += 1)
    if (present === 0) return
    events.at(events.now + (due - worked) * present, () => {
      // Somebody has come meanwhile: it will be later.
      if (awaited !== turn) return
      worked = due
      reckonedAt = events.now
      ends.next()
      waitForNext()
    })
  }

  return (work, done) => {
    reckon()
    present += 1
    ends.at(worked + work(events.now), () => {
      present -= 1
      done()
    })
    waitForNext()
  }
}

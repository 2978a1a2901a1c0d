/** Several admissions as one: each is asked once those before it have admitted, and what these gave is kept or given back. */
import type { RequestHead } from '../http1/request-head.ts'
import type { Problem } from '../stream/client-stream.ts'
import { type Admission, type Asked, everybody, type Verdict } from './admission.ts'
import { joined, type Pass } from './pass.ts'

export function inOrder(admissions: readonly Admission[]): Admission {
  const [first = everybody, ...rest] = admissions.filter((admission) => admission !== everybody)
  return rest.length === 0 ? first : both(first, inOrder(rest))
}

function both(first: Admission, second: Admission): Admission {
  function follow(verdict: Verdict, asked: Asked, head: RequestHead, now: number): Verdict {
    switch (verdict.kind) {
      case 'refused':
        return verdict
      case 'admitted': {
        const next = second.admit(asked, head, now)
        return verdict.pass === undefined ? next : carrying(verdict.pass, next)
      }
      case 'later':
        return {
          kind: 'later',
          wait: (decide) => verdict.wait((next) => decide(follow(next, asked, asked.client.readHead(), asked.now()))),
        }
    }
  }
  return { admit: (asked, head, now) => follow(first.admit(asked, head, now), asked, head, now) }
}

/** What has been decided behind somebody who gave `pass`. */
export function carrying(pass: Pass, verdict: Verdict): Verdict {
  switch (verdict.kind) {
    case 'refused':
      pass.release?.()
      return { ...verdict, problem: withLines(verdict.problem, pass.responseLines) }
    case 'admitted':
      return { kind: 'admitted', pass: joined(pass, verdict.pass) ?? pass }
    case 'later':
      return {
        kind: 'later',
        wait(decide) {
          const cancel = verdict.wait((next) => decide(carrying(pass, next)))
          return () => {
            cancel()
            pass.release?.()
          }
        },
      }
  }
}

/** A problem that tells the client `lines` besides. */
export const withLines = (problem: Problem, lines: string | undefined): Problem =>
  lines === undefined || lines === '' ? problem : { ...problem, lines: (problem.lines ?? '') + lines }

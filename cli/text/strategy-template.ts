/** What `smartedge strategy new` writes: a strategy that passes its own test, with everything worth knowing beside it. */

export interface TemplateFacts {
  /** What the plugin calls itself. */
  readonly name: string
  /** The file as people would name it on a command line. */
  readonly file: string
}

export const strategyTemplate = ({ name, file }: TemplateFacts): string => `/**
 * ${name}: of a few backends drawn by weight, the one with the least in flight for its weight.
 *
 * Put it into the config:        "strategy": { "use": "./${file}", "options": { "choices": 2 } }
 * Try it:                        smartedge strategy test ${file}
 * Save it while SmartEdge runs:  it is checked, and live with the next request; a version that fails is taken back.
 */
import { defineStrategy, perArray, readOptions } from 'smartedge/strategy'
import { weightedDraw } from 'smartedge/random'

export default defineStrategy({
  apiVersion: 2,
  name: '${name}',
  // Where something else than weight decides, say so, and the tests do not ask for it:  ignoresWeight: 'the fewest errors win',

  // What the config's "options" may hold. Refuse what you do not know; \`readOptions\` does, for numbers, durations ("10s") and texts.
  parse: (raw) => readOptions(raw, { choices: { kind: 'number', min: 1, max: 10, default: 2 } }),

  // Called once per pool, and again when this file or the options change.
  create({ choices }) {
    // Built once for each list of backends. A retry brings a list of its own, once: then this gives undefined.
    const draws = perArray(weightedDraw)

    return {
      // Return one of \`candidates\`: all of them are usable, and there is at least one. No waiting, no reading of files.
      // Chance comes from context.random, time from context.now and .wallTime, so that a test can replay what happened.
      // Also there: candidate.id, .weight, .inflight, .zone, .place; context.key, context.client.address, .zone, .place.
      // context.notes is there for the few picks that somebody wants explained: \`smartedge explain\` shows what is noted.
      pick(candidates, context) {
        const draw = draws(candidates, context) ?? weightedDraw(candidates)
        let best = draw.one(context.random)
        context.notes?.score(best, best.inflight / best.weight)
        for (let choice = 1; choice < choices; choice += 1) {
          const other = draw.one(context.random)
          context.notes?.score(other, other.inflight / other.weight)
          if (other.inflight / other.weight < best.inflight / best.weight) best = other
        }
        return best
      },

      // Optional, for strategies that learn; memory per backend belongs in a \`new WeakMap<Candidate, …>()\` above.
      // Each is told of the attempt: .candidate, .startedAt, .inflightBefore (itself not counted), .isRetry.
      // onStart(attempt) {},
      // onResponse(attempt, status, now) {},   // the response head has arrived, now - attempt.startedAt ms later
      // onEnd(attempt, outcome, now) {},       // once for each start; outcome.kind is completed, failed, abandoned or local

      // Optional: what the next version of this file goes on with.
      // export: () => memory,
      // import(state) {},
    }
  },
})
`

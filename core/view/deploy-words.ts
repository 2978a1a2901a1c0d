/** How far a deploy has come, in words: a line for terminals, `top` and the page. Pure. */
import type { DeployView, SideView } from '../deploy/contract.ts'
import { latency, percent } from './format.ts'
import { counted } from './amounts.ts'

/** `canary: 12 of 300 s; new: 80 requests, 0 % errors, p99 12 ms; old: …`. */
export function deployProgress({ phase, detail, canary, members, over }: DeployView): string {
  if (over) return `${phase}: ${detail}`
  if (phase === 'canary' && canary !== null) {
    const time = `${Math.floor(canary.elapsedMs / 1000)} of ${Math.round(canary.forMs / 1000)} s`
    return `${phase}: ${time}; new: ${sideWords(canary.new)}; old: ${sideWords(canary.old)}`
  }
  if (phase !== 'waiting') return `${phase}: ${detail}`
  const ill = members.filter(({ health }) => health !== 'healthy')
  const words = ill.map(({ id, health, why }) => `${id} is ${health}${why === null ? '' : ` (${why})`}`)
  return `${phase}: ${words.join(', ') || detail}`
}

function sideWords({ requests, errorRatio, p99Ms }: SideView): string {
  if (requests === 0) return 'no requests'
  const tail = p99Ms === null ? '' : `, p99 ${latency(p99Ms)}`
  return `${counted(requests, 'request')}, ${percent(errorRatio)} errors${tail}`
}

/**
 * `smartedge deploy` and `smartedge rollback`: have a running edge replace members of a pool, and follow how that goes to its
 * end. The edge does it all: whoever follows may leave, and learns later what has become of it.
 */
import { setTimeout as wait } from 'node:timers/promises'
import type { DeployView } from '../../core/deploy/contract.ts'
import { deploysPath } from '../../core/view/api-paths.ts'
import { deployProgress } from '../../core/view/deploy-words.ts'
import { type AdminRequest, askAdmin } from '../client/admin-client.ts'
import { report, targetOrReport } from '../client/admin-failure.ts'
import type { AdminTarget, TargetOptions } from '../client/admin-target.ts'
import { command, noSmartEdge, tellFailure } from '../client/control-client.ts'
import { exitCode } from '../process/exit-codes.ts'
import type { Io } from '../process/io.ts'
import type { ServiceIo, Signal } from '../process/service-io.ts'
import { cutMiddle } from '../text/fit.ts'
import { printable } from '../text/text.ts'

export interface FollowOptions extends TargetOptions {
  readonly timeout?: string
  readonly json?: boolean
  /** Between two looks; for tests. */
  readonly pause?: () => Promise<unknown>
}

export interface DeployOptions extends FollowOptions {
  /** 0..1 */
  readonly canary?: number
  readonly for?: string
  readonly promoteIf?: string
  readonly minRequests?: number
  readonly status?: boolean
  readonly abort?: boolean
}

/** `ok` once the new members serve and the old have finished; `failure`: the old ones serve as before, and why is told. */
export async function deploy(
  io: ServiceIo,
  { pool, urls }: { readonly pool: string; readonly urls: readonly string[] },
  options: DeployOptions,
): Promise<number> {
  if (options.status === true) return await tellNewest(io, pool, options)
  if (options.abort === true) return await abort(io, pool, options)
  const { canary, for: time = '5m', promoteIf, minRequests, timeout } = options
  const plan = canary === undefined ? undefined : { share: canary, for: time, promoteIf, minRequests }
  return await begin(io, pool, { members: urls, timeout, canary: plan }, options)
}

/** As `deploy`. */
export const rollback = (io: ServiceIo, pool: string, options: FollowOptions): Promise<number> =>
  begin(io, pool, { rollback: true, timeout: options.timeout }, options)

async function begin(io: ServiceIo, pool: string, body: object, options: FollowOptions): Promise<number> {
  const target = targetOrReport(io, options)
  if (typeof target === 'number') return target
  const interruption: Interruption = { signal: undefined }
  // From here on: whoever interrupts while it is being begun means that as well.
  const stop = io.onSignal((signal) => void (interruption.signal ??= signal))
  try {
    const answer = await askAdmin(target, deploysPath(pool), { method: 'POST', body })
    if (answer.kind !== 'ok') return tellFailure(io, target, answer, (key) => key || 'a member')
    if (!isDeploy(answer.body)) return report(io, target, noSmartEdge)
    const pause = options.pause ?? (() => wait(500))
    return await follow({ io, target, options, pause, interruption }, answer.body)
  } finally {
    stop()
  }
}

interface Interruption {
  signal: Signal | undefined
}

interface Following {
  readonly io: ServiceIo
  readonly target: AdminTarget
  readonly options: FollowOptions
  readonly pause: () => Promise<unknown>
  readonly interruption: Interruption
}

/** Of looks in a row that nobody answers: an edge that starts anew is back by then. */
const MOST_MISSES = 60
/** Where there is no terminal, a line that says nothing new but figures comes once in so many looks. */
const LOOKS_A_LINE = 20

async function follow(following: Following, begun: DeployView): Promise<number> {
  const { io, target, pause, interruption } = following
  const { pool, id } = begun
  const teller = createTeller(io, following.options.json === true)
  teller.tell(begun)
  let [misses, hasAborted] = [0, false]
  while (misses < MOST_MISSES) {
    if (interruption.signal !== undefined && !hasAborted) hasAborted = await abortFor(following, pool)
    const answer = await askAdmin(target, deploysPath(pool))
    if (answer.kind === 'refused') return teller.end(tellFailure(io, target, answer))
    const found = answer.kind === 'ok' ? deploysOf(answer.body).find((one) => one.id === id) : undefined
    if (answer.kind === 'ok' && found === undefined) return teller.end(lost(io, pool))
    if (found !== undefined) teller.tell(found)
    if (found?.over === true) return teller.end(outcome(io, found, interruption.signal))
    misses = answer.kind === 'ok' ? 0 : misses + 1
    await pause()
  }
  return teller.end(goneFor(io, pool))
}

/** Whether the edge has heard it. Once it has switched that is too late, and it is followed to its end. */
async function abortFor({ io, target }: Following, pool: string): Promise<boolean> {
  const answer = await askAdmin(target, deploysPath(pool), { method: 'DELETE' })
  if (answer.kind === 'refused') io.stderr(`smartedge: not aborted: ${printable(answer.reason)}\n`)
  return answer.kind === 'ok' || answer.kind === 'refused'
}

function outcome(io: Io, { pool, phase, detail, id }: DeployView, signal: Signal | undefined): number {
  if (phase === 'done') return exitCode.ok
  io.stderr(`smartedge: ${printable(pool)}: deploy ${id} ${phase}: ${printable(detail)}\n`)
  return phase === 'aborted' && signal !== undefined ? exitCode[signal] : exitCode.failure
}

function lost(io: Io, pool: string): number {
  io.stderr(
    `smartedge: ${printable(pool)}: the edge knows of this deploy no more, having been started anew: unless it had switched, the old members serve as before\n`,
  )
  return exitCode.failure
}

function goneFor(io: Io, pool: string): number {
  io.stderr(
    `smartedge: ${printable(pool)}: the edge does not answer any more; "${io.command} deploy ${printable(pool)} --status" tells later what has become of it\n`,
  )
  return exitCode.unreachable
}

interface Teller {
  tell(deploy: DeployView): void
  /** Leaves the terminal as it should be; hands the exit code back. */
  end(code: number): number
}

/** One line that changes on a terminal; elsewhere a line for each phase, and now and then one between. */
function createTeller(io: Io, isJson: boolean): Teller {
  let shown = ''
  let looks = 0
  let isOpen = false
  const isLive = io.isTty && !isJson
  return {
    tell(deploy) {
      const isNew = `${deploy.phase} ${deploy.detail}` !== shown
      looks = isNew ? 0 : looks + 1
      shown = `${deploy.phase} ${deploy.detail}`
      if (isLive) {
        io.stdout(`${isOpen ? '\r\u001B[2K' : ''}${fit(io, lineOf(deploy))}${deploy.over ? '\n' : ''}`)
        isOpen = !deploy.over
      } else if (isNew || looks % LOOKS_A_LINE === 0) {
        if (isJson) io.data(`${JSON.stringify(deploy)}\n`)
        else io.stdout(`${lineOf(deploy)}\n`)
      }
    },
    end(code) {
      if (isOpen) io.stdout('\n')
      return code
    },
  }
}

const lineOf = (deploy: DeployView): string => printable(`${deploy.pool}: ${deployProgress(deploy)}`)

function fit({ columns, ascii }: Io, line: string): string {
  const width = columns()
  return width === undefined ? line : cutMiddle(line, Math.max(20, width - 1), ascii ? '...' : '…')
}

const tellNewest = (io: Io, pool: string, options: DeployOptions): Promise<number> =>
  command(io, options, { ...reading, path: deploysPath(pool), tells: 'deploys' }, (body) => {
    if (options.json === true) io.data(`${JSON.stringify(body, null, 2)}\n`)
    else for (const line of statusLines(io, pool, body)) io.stdout(`${line}\n`)
    return exitCode.ok
  })

const reading = { method: 'GET' } as const satisfies AdminRequest

function statusLines(io: Io, pool: string, body: unknown): readonly string[] {
  const [newest] = deploysOf(body)
  const replaced = typeof body === 'object' && body !== null && 'replaced' in body ? body.replaced : undefined
  return [
    newest === undefined
      ? `${printable(pool)}: no deploy is known`
      : `${printable(pool)}: deploy ${newest.id}, ${printable(newest.since)}: ${printable(deployProgress(newest))}`,
    ...(Array.isArray(replaced) && newest?.over !== false
      ? [`"${io.command} rollback ${printable(pool)}" brings back ${printable(replaced.join(', '))}`]
      : []),
  ]
}

const abort = (io: Io, pool: string, options: DeployOptions): Promise<number> =>
  command(io, options, { method: 'DELETE', path: deploysPath(pool), tells: 'phase' }, (body) => {
    if (options.json === true) io.data(`${JSON.stringify(body)}\n`)
    else if (isDeploy(body)) io.stdout(`${printable(pool)}: deploy ${body.id} ${printable(deployProgress(body))}\n`)
    return exitCode.ok
  })

/** As far as it is shown; what another version tells besides is nobody's business here. */
function isDeploy(value: unknown): value is DeployView {
  if (typeof value !== 'object' || value === null) return false
  const { id, pool, phase, detail, over, members, since } = value as Partial<DeployView>
  const areTexts = [pool, phase, detail, since].every((one) => typeof one === 'string')
  return areTexts && typeof id === 'number' && typeof over === 'boolean' && Array.isArray(members)
}

function deploysOf(body: unknown): readonly DeployView[] {
  const deploys = typeof body === 'object' && body !== null && 'deploys' in body ? body.deploys : undefined
  return Array.isArray(deploys) ? deploys.filter(isDeploy) : []
}

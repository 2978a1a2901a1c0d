/**
 * Where clients are, as a part: the locator in force, and the next one tried before it counts. The database is read again
 * when its file shows a change, whatever the config says; one that has gone bad leaves the one before in force.
 */
import type { Config } from '../config/config.ts'
import type { Geo } from '../exchange/world.ts'
import { stampOf } from '../file-stamp.ts'
import { createLocator } from '../geo/locate.ts'
import type { GeoPolicy } from '../geo/policy.ts'
import { type ApplyProblem, asRefusal, type Move, NO_MOVE, type Part } from '../part.ts'

interface InForce {
  readonly policy: GeoPolicy | undefined
  /** Of the database's file before it was read; undefined: there is no database. */
  readonly stamp: string | undefined
  readonly geo: Geo | undefined
}

const databaseKey = 'geo.database'

export class GeoHost implements Part<Config> {
  private inForce: InForce = { policy: undefined, stamp: undefined, geo: undefined }
  /** A file that could not be used: it is not read again as long as it stays the same. */
  private bad: { readonly stamp: string | undefined; readonly problem: ApplyProblem } | undefined = undefined

  /** undefined: nobody configured how to know. */
  get current(): Geo | undefined {
    return this.inForce.geo
  }

  async prepare({ geo: policy }: Config): Promise<Move> {
    const { inForce } = this
    const isSame = Bun.deepEquals(policy, inForce.policy)
    const stamp = policy?.database === undefined ? undefined : stampOf(policy.database).text
    if (isSame && stamp === inForce.stamp) return NO_MOVE
    if (isSame && this.bad !== undefined && this.bad.stamp === stamp) return keeping(this.bad.problem)
    try {
      const geo = policy && { header: policy.header, ...(await createLocator(policy)) }
      const news = isSame ? { isNews: true, news: [`${databaseKey} read anew`] } : {}
      return { ...NO_MOVE, ...news, commit: () => this.take({ policy, stamp, geo }) }
    } catch (error) {
      if (!isSame) throw asRefusal(error, databaseKey)
      this.bad = { stamp, problem: { key: databaseKey, message: messageOf(error) } }
      return keeping(this.bad.problem)
    }
  }

  private take(next: InForce): void {
    this.inForce = next
    this.bad = undefined
  }
}

const keeping = (problem: ApplyProblem): Move => ({ ...NO_MOVE, kept: [problem] })

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

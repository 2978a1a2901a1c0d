/** `smartedge schema`: prints the JSON Schema that editors complete and check a config with. */
import { configSchema, membersSchema, renderSchema } from '../../core/config/schema.ts'
import { exitCode } from '../process/exit-codes.ts'
import type { Io } from '../process/io.ts'

export interface SchemaOptions {
  /** That of a members file (backends.json) instead. */
  readonly members?: boolean | undefined
}

export async function schema(io: Io, { members = false }: SchemaOptions): Promise<number> {
  io.data(renderSchema(members ? membersSchema : configSchema))
  return exitCode.ok
}

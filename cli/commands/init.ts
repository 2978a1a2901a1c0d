/** `smartedge init`: writes a small commented config to start from. Overwrites nothing unless told to. */
import { access, mkdir, rename, unlink } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { configSchema, membersSchema, renderSchema } from '../../core/config/schema.ts'
import { exitCode } from '../process/exit-codes.ts'
import type { Io } from '../process/io.ts'
import { whyUnwritten, writeNewFile } from '../process/new-file.ts'

export interface InitOptions {
  /** Where to write, made when it is not there; the working directory when absent. */
  readonly directory?: string | undefined
  /** Overwrites. */
  readonly force?: boolean | undefined
}

const config = `// SmartEdge. \`smartedge validate\` checks this file, \`smartedge run\` serves it.
{
  "$schema": "./smartedge.schema.json",

  // Loopback to begin with; "0.0.0.0:8080" lets others in.
  "listeners": { "web": { "address": "127.0.0.1:8080" } },

  // Health, status and metrics. Any other address than loopback needs a token.
  "admin": { "address": "127.0.0.1:9900", "token": "\${SMARTEDGE_ADMIN_TOKEN:-}" },

  "pools": {
    "web": {
      // The members, in a file of their own; a list of URLs can stand here as well.
      "backends": { "file": "backends.json" },

      // Also: round-robin, random, least-connections, p2c, peak-ewma, consistent-hash, geo-affinity, "./plugins/mine.ts".
      "strategy": "expected-delay",

      // Without this nobody asks the members; failures in traffic count all the same.
      "health": { "path": "/health", "interval": "5s", "timeout": "1s" }
    }
  }

  // With several pools, "routes" says who serves what; the first that matches wins:
  // "routes": [{ "match": { "host": "api.example.com", "path": "/v1/*" }, "pool": "api" }, { "pool": "web" }]
}
`

const members = `{
  "$schema": "./backends.schema.json",
  "backends": ["http://localhost:8101", "http://localhost:8102", { "url": "http://localhost:8103", "weight": 2 }]
}
`

const files: readonly (readonly [name: string, render: () => string])[] = [
  ['smartedge.config.json', () => config],
  ['backends.json', () => members],
  ['smartedge.schema.json', () => renderSchema(configSchema)],
  ['backends.schema.json', () => renderSchema(membersSchema)],
]

function nextSteps(command: string, directory: string | undefined): string {
  const steps = [
    [`${command} demo`, 'serves it, with a test backend for each member'],
    ['curl http://127.0.0.1:8080/', 'in another terminal, and:'],
    [`${command} status`, 'pools and backends'],
  ] as const
  const width = Math.max(...steps.map(([step]) => step.length))
  const lines = steps.map(([step, purpose]) => `  ${step.padEnd(width)}   # ${purpose}`)
  const enter = directory === undefined ? [] : [`  cd ${directory}`]
  const then = `Once the members are your own: ${command} validate, then ${command} run.`
  return `\nNext:\n${[...enter, ...lines].join('\n')}\n\n${then}\n`
}

/** `failure`: a file is in the way, or one cannot be written; then none is left that was not there. */
export async function init(io: Io, { directory, force = false }: InitOptions): Promise<number> {
  const folder = resolve(io.cwd, directory ?? '.')
  const inTheWay = force ? [] : await existing(folder)
  if (inTheWay.length > 0) {
    io.stderr(`Nothing written: ${inTheWay.join(', ')} already there. Use --force to overwrite.\n`)
    return exitCode.failure
  }
  const failure = await writeAll(folder, force)
  if (failure !== undefined) {
    io.stderr(`smartedge: ${failure.path} cannot be written: ${whyUnwritten(failure.error)}\n`)
    return exitCode.failure
  }
  io.stdout(`Wrote ${files.map(([name]) => name).join(', ')}.\n${nextSteps(io.command, directory)}`)
  return exitCode.ok
}

/**
 * All of them or none: half of them would be in the way of the next try. What it overwrites stays as it was until all new
 * ones are on disk; without `force` a file that has come since somebody looked is not written over either.
 */
async function writeAll(
  folder: string,
  force: boolean,
): Promise<{ readonly path: string; readonly error: unknown } | undefined> {
  const written: string[] = []
  let path = folder
  try {
    await mkdir(folder, { recursive: true })
    for (const [name, render] of files) {
      path = join(folder, name)
      const target = force ? beside(path) : path
      await writeNewFile(target, render())
      written.push(target)
    }
    for (const [name] of force ? files : []) {
      path = join(folder, name)
      await rename(beside(path), path)
    }
    return undefined
  } catch (error) {
    await Promise.allSettled(written.map((one) => unlink(one)))
    return { path, error }
  }
}

const beside = (path: string): string => `${path}.${process.pid}.new`

async function existing(folder: string): Promise<string[]> {
  const found: string[] = []
  for (const [name] of files) {
    const isThere = await access(join(folder, name)).then(
      () => true,
      () => false,
    )
    if (isThere) found.push(name)
  }
  return found
}

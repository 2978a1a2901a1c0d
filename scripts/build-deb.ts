/**
 * Makes the Debian package for this machine's processor: the program in one file, its unit, a configuration to begin with,
 * the manual, and what shells complete by. `npm run package`, or `bun scripts/build-deb.ts [FILE]`, else it is
 * `dist/smartedge_VERSION_ARCHITECTURE.deb`. Needs dpkg-deb, which every Debian has.
 */
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import manifest from '../package.json' with { type: 'json' }
import { root } from './bundle.ts'

/** Debian's names of what Node calls the processor. */
const architectures: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' }

/** Where each shell looks for what packages bring. */
const completions = {
  bash: 'usr/share/bash-completion/completions/smartedge',
  zsh: 'usr/share/zsh/vendor-completions/_smartedge',
  fish: 'usr/share/fish/vendor_completions.d/smartedge.fish',
} as const

/** Ours, as they go in. */
const copied: Readonly<Record<string, string>> = {
  'packaging/systemd/smartedge.service': 'usr/lib/systemd/system/smartedge.service',
  'packaging/systemd/smartedge.socket': 'usr/lib/systemd/system/smartedge.socket',
  'packaging/debian/copyright': 'usr/share/doc/smartedge/copyright',
  'README.md': 'usr/share/doc/smartedge/README.md',
  'CHANGELOG.md': 'usr/share/doc/smartedge/CHANGELOG.md',
}

/** What dpkg runs. */
const scripts = ['postinst', 'prerm', 'postrm']

const schemas = ['smartedge.schema.json', 'backends.schema.json']

/** `tree`: the folder that is to become the package. */
function place(tree: string, name: string): string {
  const path = join(tree, name)
  mkdirSync(dirname(path), { recursive: true })
  return path
}

/** Returns where it lies. */
function addProgram(tree: string): string {
  const program = place(tree, 'usr/bin/smartedge')
  const compile = [join(root, 'scripts/compile.ts'), program]
  execFileSync(process.execPath, compile, { stdio: ['ignore', 'ignore', 'inherit'] })
  for (const [shell, name] of Object.entries(completions))
    writeFileSync(place(tree, name), execFileSync(program, ['completions', shell]))
  return program
}

/** What `smartedge init` writes is the administrator's; the schemas are not. */
function addConfiguration(tree: string, program: string): void {
  const folder = join(tree, 'etc/smartedge')
  execFileSync(program, ['init', folder], { stdio: 'ignore' })
  for (const name of schemas) renameSync(join(folder, name), place(tree, `usr/share/smartedge/${name}`))
  const names = readdirSync(folder)
  for (const name of names) {
    const text = readFileSync(join(folder, name), 'utf8')
    writeFileSync(join(folder, name), text.replace('"$schema": "./', '"$schema": "/usr/share/smartedge/'))
  }
  writeFileSync(place(tree, 'DEBIAN/conffiles'), names.map((name) => `/etc/smartedge/${name}\n`).join(''))
}

function addDocuments(tree: string): void {
  const pages = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'))
  for (const page of pages) copyFileSync(join(root, 'docs', page), place(tree, `usr/share/doc/smartedge/docs/${page}`))
  cpSync(join(root, 'docs/grafana'), place(tree, 'usr/share/doc/smartedge/docs/grafana'), { recursive: true })
  for (const [from, to] of Object.entries(copied)) copyFileSync(join(root, from), place(tree, to))
  // Without the name and the time of a file, so that the same page is the same bytes.
  const manual = gzipSync(readFileSync(join(root, 'docs/man/smartedge.1')), { level: 9 })
  writeFileSync(place(tree, 'usr/share/man/man1/smartedge.1.gz'), manual)
}

function addControl(tree: string, architecture: string): void {
  const kibibytes = Math.ceil(sizeOf(tree) / 1024)
  const control = readFileSync(join(root, 'packaging/debian/control'), 'utf8')
    .replace('@VERSION@', manifest.version)
    .replace('@ARCHITECTURE@', architecture)
    .replace('@KIBIBYTES@', String(kibibytes))
  writeFileSync(place(tree, 'DEBIAN/control'), control)
  for (const name of scripts) {
    copyFileSync(join(root, 'packaging/debian', name), place(tree, `DEBIAN/${name}`))
    chmodSync(place(tree, `DEBIAN/${name}`), 0o755)
  }
}

const sizeOf = (folder: string): number =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).reduce(
    (sum, name) => sum + statSync(join(folder, name)).size,
    0,
  )

function build(outfile: string | undefined): string {
  const architecture = architectures[process.arch]
  if (architecture === undefined) throw new Error(`there is no Bun for Debian on ${process.arch}`)
  const target = resolve(outfile ?? join(root, `dist/smartedge_${manifest.version}_${architecture}.deb`))
  mkdirSync(dirname(target), { recursive: true })
  // Whoever builds it.
  process.umask(0o022)
  const tree = mkdtempSync(join(tmpdir(), 'smartedge-deb-'))
  try {
    chmodSync(tree, 0o755)
    addConfiguration(tree, addProgram(tree))
    addDocuments(tree)
    addControl(tree, architecture)
    // 48 MiB within 10 s; xz would take minutes for 45.
    execFileSync('dpkg-deb', ['--root-owner-group', '-Zzstd', '-z6', '--build', tree, target], { stdio: 'ignore' })
    return target
  } finally {
    rmSync(tree, { recursive: true })
  }
}

const made = build(process.argv[2])
process.stdout.write(`${made}: ${(statSync(made).size / 1024 / 1024).toFixed(1)} MiB\n`)

/** The Debian package in a machine of its own, under its real systemd. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import manifest from '../../package.json' with { type: 'json' }
import { bootMachine, canBoot, type Machine } from '../support/machine.ts'

const root = resolve(import.meta.dir, '../..')
const folder = mkdtempSync(join(tmpdir(), 'smartedge-deb-'))
const file = join(folder, 'smartedge.deb')
/** Where the machine has it. */
const copy = '/tmp/smartedge.deb'
const slow = 180_000

describe.if(Bun.which('dpkg-deb') !== null)('the Debian package', () => {
  beforeAll(() => {
    const { exitCode, stderr } = Bun.spawnSync([process.execPath, join(root, 'scripts/build-deb.ts'), file])
    expect([exitCode, stderr.toString()]).toEqual([0, ''])
  }, slow)
  afterAll(() => rmSync(folder, { recursive: true }))

  test('says what it is, and has each thing where Debian looks for it', () => {
    const tell = (...words: string[]): string => Bun.spawnSync(['dpkg-deb', ...words]).stdout.toString()
    expect(tell('--field', file, 'Version')).toBe(`${manifest.version}\n`)
    const contents = tell('--contents', file)
    expect(
      contents
        .split('\n')
        .filter((line) => line !== '' && !/^.rw.r.xr.x root\/root |^-rw-r--r-- root\/root /.test(line)),
    ).toEqual([])
    for (const path of [
      'usr/bin/smartedge',
      'usr/lib/systemd/system/smartedge.service',
      'usr/lib/systemd/system/smartedge.socket',
      'usr/share/man/man1/smartedge.1.gz',
      'usr/share/bash-completion/completions/smartedge',
      'usr/share/zsh/vendor-completions/_smartedge',
      'usr/share/fish/vendor_completions.d/smartedge.fish',
      'usr/share/doc/smartedge/copyright',
      'usr/share/doc/smartedge/docs/operations.md',
      'usr/share/doc/smartedge/docs/grafana/smartedge.json',
      'usr/share/smartedge/smartedge.schema.json',
    ])
      expect(contents).toContain(` ./${path}\n`)
  })

  describe.if(canBoot())('installed', () => {
    let machine: Machine
    const config = '/etc/smartedge/smartedge.config.json'
    const service = async (...fields: readonly string[]) => {
      const { out } = await machine.run('systemctl', 'show', 'smartedge', ...fields.map((name) => `--property=${name}`))
      return Object.fromEntries(
        out
          .trim()
          .split('\n')
          .map((line) => line.split('=', 2)),
      ) as Record<string, string>
    }
    beforeAll(async () => {
      machine = await bootMachine()
      await machine.write(copy, Bun.file(file))
      expect(await machine.run('dpkg', '--install', copy)).toMatchObject({ code: 0, err: '' })
    }, slow)
    afterAll(async () => await machine?.[Symbol.asyncDispose](), slow)

    test(
      'has a user, a manual, completions and a configuration that holds, and nothing runs',
      async () => {
        expect(await machine.run('id', '-gn', 'smartedge')).toMatchObject({ out: 'smartedge\n', code: 0 })
        expect(await machine.run('smartedge', 'validate', config)).toMatchObject({ err: '', code: 0 })
        const completing = 'source /usr/share/bash-completion/completions/smartedge && complete -p smartedge'
        expect(await machine.run('bash', '-c', completing)).toMatchObject({ code: 0 })
        const help = await machine.run('smartedge', '--help')
        expect(help.out).toEndWith('usr/share/doc/smartedge/docs/operations.md\n')
        expect(await service('ActiveState', 'UnitFileState')).toEqual({
          ActiveState: 'inactive',
          UnitFileState: 'disabled',
        })
      },
      slow,
    )

    test(
      'has a unit that systemd finds nothing wrong with, and takes for well guarded',
      async () => {
        const verified = await machine.run(
          'systemd-analyze',
          'verify',
          '--man=no',
          'smartedge.service',
          'smartedge.socket',
        )
        expect(verified).toEqual({ out: '', err: '', code: 0 })
        // In tenths of its points, of which a service without any guard has 9.6.
        const guarded = await machine.run(
          'systemd-analyze',
          'security',
          '--offline=yes',
          '--threshold=16',
          'smartedge.service',
        )
        expect([guarded.code, guarded.err]).toEqual([0, ''])
      },
      slow,
    )

    test(
      'serves by the time it counts as started',
      async () => {
        expect(await machine.run('systemctl', 'start', 'smartedge')).toEqual({ out: '', err: '', code: 0 })
        expect(await service('ActiveState', 'StatusText')).toEqual({
          ActiveState: 'active',
          StatusText: 'serving 1 pool, 3 backends',
        })
        const asked = await machine.run('smartedge', 'status', '--config', config)
        expect([asked.code, asked.err]).toEqual([0, ''])
        expect(asked.out).toContain('of 3 up')
      },
      slow,
    )

    test(
      'takes a configuration by reload, and refuses one with a mistake by reload',
      async () => {
        await machine.write(config, '{ "pools": { "web": { "backends": ["http://localhost:1"] } } }')
        expect(await machine.run('systemctl', 'reload', 'smartedge')).toMatchObject({ code: 0 })
        await machine.write(config, '{ "pools": ')
        expect(await machine.run('systemctl', 'reload', 'smartedge')).toMatchObject({ code: 1 })
        expect(await service('ActiveState')).toEqual({ ActiveState: 'active' })
        const { out } = await machine.run('journalctl', '--unit=smartedge', '--output=cat')
        expect(out).toContain(`${config}:1:`)
      },
      slow,
    )

    test(
      'is started again when it is killed as a whole, and ends well when it is stopped',
      async () => {
        await machine.write(config, '{ "pools": { "web": { "backends": ["http://localhost:1"] } } }')
        const killed = await machine.run('systemctl', 'kill', '--signal=KILL', '--kill-who=main', 'smartedge')
        expect(killed).toMatchObject({ code: 0 })
        const isBack = async (): Promise<boolean> => {
          const { NRestarts, SubState } = await service('NRestarts', 'SubState')
          return NRestarts === '1' && SubState === 'running'
        }
        while (!(await isBack())) await Bun.sleep(100)
        expect(await machine.run('systemctl', 'stop', 'smartedge')).toMatchObject({ code: 0 })
        expect(await service('Result', 'ActiveState')).toEqual({ Result: 'success', ActiveState: 'inactive' })
      },
      slow,
    )

    test(
      'is served by its socket unit while it is not there, as in a restart',
      async () => {
        const ask = 'exec 3<>/dev/tcp/127.0.0.1/8080 && printf "GET / HTTP/1.0\\r\\n\\r\\n" >&3 && head -n 1 <&3'
        const served =
          '{ "listeners": { "web": { "address": "127.0.0.1:8080" } }, "pools": { "web": { "backends": [] } } }'
        await machine.write(config, served)
        expect(await machine.run('systemctl', 'start', 'smartedge.socket')).toMatchObject({ code: 0, err: '' })
        expect(await service('ActiveState')).toEqual({ ActiveState: 'inactive' })
        expect((await machine.run('bash', '-c', ask)).out).toBe('HTTP/1.1 503 Service Unavailable\r\n')
        // It answers before systemd has heard that it does; this waits for that.
        expect(await machine.run('systemctl', 'start', 'smartedge')).toMatchObject({ code: 0 })
        expect(await service('ActiveState', 'StatusText')).toEqual({
          ActiveState: 'active',
          StatusText: 'serving 1 pool, 0 backends',
        })
        const restart =
          'systemctl restart --no-block smartedge && for each in 1 2 3 4 5; do ( ' + ask + ' ) || exit 1; done'
        expect((await machine.run('bash', '-c', restart)).out).toBe('HTTP/1.1 503 Service Unavailable\r\n'.repeat(5))
      },
      slow,
    )

    test(
      'keeps what was edited through an upgrade and a removal, and leaves nothing behind a purge',
      async () => {
        const edited =
          '{ "listeners": { "web": { "address": "127.0.0.1:8080" } }, "pools": { "mine": { "backends": [] } } }'
        const before = await service('MainPID')
        await machine.write(config, edited)
        const { out: files } = await machine.run('dpkg', '--listfiles', 'smartedge')
        const own = files.split('\n').filter((path) => path.includes('smartedge'))
        own.push('/var/lib/smartedge', '/var/log/smartedge')
        expect(own.length).toBeGreaterThan(20)
        for (const step of [
          ['--install', copy],
          ['--remove', 'smartedge'],
        ]) {
          expect(await machine.run('dpkg', ...step)).toMatchObject({ code: 0, err: '' })
          expect(await machine.run('cat', config)).toMatchObject({ out: edited })
          expect(await service('MainPID')).not.toEqual(before)
        }
        expect(await service('ActiveState')).toEqual({ ActiveState: 'inactive' })
        expect(await machine.run('dpkg', '--purge', 'smartedge')).toMatchObject({ code: 0, err: '' })
        const left = await machine.run('ls', '-d', ...own)
        expect(left.out).toBe('')
      },
      slow,
    )
  })
})

import { expect, test } from 'bun:test'
import { startPostgres } from '../../scripts/services.ts'
import { closedPort } from '../support/ports.ts'
import { startProcess } from '../support/running-process.ts'

const pool = { backends: ['http://127.0.0.1:1'] }

test('clients are kept beside the config, and outlive the process', async () => {
  await using running = await startProcess({ pool, config: { clients: {} } })
  await running.event('ready')
  const file = Bun.file(running.files.path('clients.sqlite'))
  expect(await file.exists()).toBe(true)
  running.child.kill('SIGKILL')
  await running.child.exited
  await using again = running.again()
  await again.event('ready')
  expect(again.lines().filter((line) => line.includes('store-away'))).toEqual([])
  again.child.kill('SIGTERM')
  await again.child.exited
  // Closed as it should be: nothing is left in a log beside it.
  expect(await Bun.file(running.files.path('clients.sqlite-wal')).exists()).toBe(false)
}, 60_000)

test('a PostgreSQL that is away holds up no start, and is followed when it comes; its password is told to nobody', async () => {
  await using postgres = await startPostgres()
  await postgres.kill()
  await using running = await startProcess({
    pool,
    config: { clients: { store: '${CLIENTS_URL}' } },
    env: { CLIENTS_URL: postgres.url },
  })
  expect(await running.event('store-away')).toMatchObject({ level: 'error', clients: 0 })
  await running.event('ready')
  await postgres.restart()
  expect(await running.event('store-back')).toMatchObject({ level: 'info', clients: 0 })
  await postgres.kill()
  expect(await running.event('store-away')).toMatchObject({ level: 'error', clients: 0 })
  const config = await fetch(`${running.adminUrl}/api/config`).then((response) => response.text())
  expect(config).toContain('"kind":"postgres","url":"***"')
  const { password } = new URL(postgres.url)
  expect([config, ...running.lines()].filter((text) => text.includes(password))).toEqual([])
}, 60_000)

test('a store that is named wrongly ends a start with the key', async () => {
  const config = { clients: { store: 'mysql://ann:s3cret@127.0.0.1/clients' } }
  await using running = await startProcess({ pool, config })
  expect(await running.child.exited).toBe(78)
  const said = running.lines().join('\n')
  expect(said).toContain('clients.store must be the path of a file or a URL')
  expect(said).not.toContain('s3cret')
}, 60_000)

test('a reload to a database that is away leaves everything as it is', async () => {
  await using running = await startProcess({ pool, config: { clients: {} } })
  await running.event('ready')
  const path = running.files.path('smartedge.config.json')
  const config = (await Bun.file(path).json()) as object
  const store = `postgres://ann:s3cret@127.0.0.1:${closedPort()}/clients`
  await running.files.write('smartedge.config.json', JSON.stringify({ ...config, clients: { store } }))
  const { problems } = await running.event('reload-failed')
  expect(problems).toEqual([
    expect.stringMatching(/clients\.store.*PostgreSQL at 127\.0\.0\.1:\d+\/clients: Failed to connect/),
  ])
  expect(JSON.stringify(problems)).not.toContain('s3cret')
}, 60_000)

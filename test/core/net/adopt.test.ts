import { expect, test } from 'bun:test'

test('a descriptor that Bun does not take over is told of, and costs the process nothing', async () => {
  const source = new URL('../../../core/net/adopt.ts', import.meta.url).pathname
  const script = `import { tryAdopting } from ${JSON.stringify(source)}\nconsole.log(tryAdopting(-1))`
  const child = Bun.spawn([process.execPath, '--no-env-file', '-e', script], { stdout: 'pipe', stderr: 'pipe' })
  const [out, errors] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
  expect([out, errors, await child.exited]).toEqual(['false\n', '', 0])
})

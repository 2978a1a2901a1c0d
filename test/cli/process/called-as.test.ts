import { describe, expect, test } from 'bun:test'
import { calledAs } from '../../../cli/process/called-as.ts'

const PATH = '/usr/bin:/proj/node_modules/.bin:/opt/edge/bin'

describe('the command as people type it', () => {
  const cases: readonly (readonly [string, Record<string, string>, string])[] = [
    ['is its name where PATH finds it', { PATH, SMARTEDGE_LAUNCHER: '/opt/edge/bin/smartedge' }, 'smartedge'],
    [
      'is its path where PATH does not',
      { PATH, SMARTEDGE_LAUNCHER: '/srv/edge/bin/smartedge' },
      '/srv/edge/bin/smartedge',
    ],
    ['is relative below the working directory', { PATH, SMARTEDGE_LAUNCHER: '/proj/bin/smartedge' }, 'bin/smartedge'],
    [
      'does not count on what npm puts into PATH',
      { PATH, SMARTEDGE_LAUNCHER: '/proj/node_modules/.bin/smartedge' },
      'node_modules/.bin/smartedge',
    ],
    [
      'goes through npx where it came through npx',
      { PATH, npm_command: 'exec', SMARTEDGE_LAUNCHER: '/x/smartedge' },
      'npx smartedge',
    ],
    ['is its name without a launcher', { PATH }, 'smartedge'],
  ]
  for (const [title, env, expected] of cases) {
    test(title, () => expect(calledAs(env, '/proj')).toBe(expected))
  }
})

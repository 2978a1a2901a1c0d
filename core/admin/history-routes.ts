/** What reloads came to, and what was in force before: reading changes nothing. */
import type { Routes } from './route.ts'
import { json } from './whole.ts'

export const historyRoutes: Routes = {
  'GET /api/reloads': {
    summary: 'What the newest 50 reloads came to, newest first; files that are saved again unchanged are none.',
    schema: 'Reloads',
    answer: ({ source }) => json({ reloads: source.control?.reloads() ?? [] }),
  },
  'GET /api/config/generations': {
    summary: 'The newest 50 configurations that were in force, newest first, and what each changed; no secrets.',
    schema: 'Generations',
    answer: ({ source }) => json({ generations: source.control?.generations() ?? [] }),
  },
}

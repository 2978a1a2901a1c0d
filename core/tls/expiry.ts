/** How near the end of a certificate is, in the stages in which people are told. */
import type { Certificate } from './certificate.ts'

/** 30, 7, 1: less than so many days are left; 0: it has ended. undefined: there is time, or it has not begun. */
export type Stage = 30 | 7 | 1 | 0

const DAY = 24 * 60 * 60 * 1000
const STAGES = [1, 7, 30] as const

/** `now`: Unix ms. Of those that live shorter a stage counts only within the last third, where they should have been renewed. */
export function stageOf(
  { notBefore, notAfter }: Pick<Certificate, 'notBefore' | 'notAfter'>,
  now: number,
): Stage | undefined {
  const left = notAfter - now
  if (left <= 0) return 0
  return STAGES.find((days) => left <= days * DAY && left <= (notAfter - notBefore) / 3)
}

/** A budget of descriptors that is never used up. */
import type { Clock } from '../../core/clock.ts'
import { DescriptorBudget } from '../../core/net/budget.ts'

export const openBudget = (clock: Clock): DescriptorBudget =>
  new DescriptorBudget({ limit: 1_000_000, free: () => undefined, clock, onShortage() {} })

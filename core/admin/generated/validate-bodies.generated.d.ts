// Written by scripts/generate.ts from core/admin/body-schemas.ts; do not edit.
import type { ValidateFunction } from 'ajv'
import type { Bodies } from '../body-schemas.ts'

export declare const addBackend: ValidateFunction<Bodies['addBackend']>
export declare const updateBackend: ValidateFunction<Bodies['updateBackend']>
export declare const updatePool: ValidateFunction<Bodies['updatePool']>

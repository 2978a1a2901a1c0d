// Written by scripts/generate.ts from core/admin/body-schemas.ts; do not edit.
import type { ValidateFunction } from 'ajv'
import type { Bodies } from '../body-schemas.ts'

export declare const addClient: ValidateFunction<Bodies['addClient']>
export declare const importClient: ValidateFunction<Bodies['importClient']>
export declare const updateClient: ValidateFunction<Bodies['updateClient']>
export declare const putPlan: ValidateFunction<Bodies['putPlan']>
export declare const importCertificate: ValidateFunction<Bodies['importCertificate']>
export declare const beginDeploy: ValidateFunction<Bodies['beginDeploy']>
export declare const putPreview: ValidateFunction<Bodies['putPreview']>
export declare const addBackend: ValidateFunction<Bodies['addBackend']>
export declare const updateBackend: ValidateFunction<Bodies['updateBackend']>
export declare const updatePool: ValidateFunction<Bodies['updatePool']>

// Written by scripts/generate.ts from core/admin/body-schemas.ts; do not edit.
'use strict'
export const addClient = validate20
const schema31 = {
  title: 'object',
  description: 'A client. Its key is made here, and told in the answer alone.',
  examples: [
    { name: 'Acme Ltd', plan: 'gold' },
    { name: 'Acme Ltd', id: 'acme', rate: '100/s', burst: 200 },
  ],
  type: 'object',
  properties: {
    id: {
      title: 'name of up to 64 letters, digits and . _ ~ -, which begins with a letter or digit',
      description: 'What it is called in paths; none: one is made.',
      examples: ['acme'],
      type: 'string',
      pattern: '^[A-Za-z0-9][A-Za-z0-9._~-]{0,63}$',
    },
    name: {
      title: 'text of 1 to 200 characters without control characters',
      description: 'For people.',
      examples: ['Acme Ltd'],
      type: 'string',
      pattern: '^[^\\p{Cc}\\u2028\\u2029]{1,200}$',
    },
    plan: {
      title: 'name of up to 64 letters, digits and . _ ~ -, which begins with a letter or digit or null',
      description: 'A plan that there is, whose limits hold where the client has none of its own.',
      examples: ['gold'],
      anyOf: [
        {
          title: 'name of up to 64 letters, digits and . _ ~ -, which begins with a letter or digit',
          description: 'A plan that there is, whose limits hold where the client has none of its own.',
          examples: ['gold'],
          type: 'string',
          pattern: '^[A-Za-z0-9][A-Za-z0-9._~-]{0,63}$',
        },
        { title: 'null', type: 'null' },
      ],
    },
    rate: {
      title: 'rate or null',
      description: 'Requests a second, minute, hour or day, up to 1000000000.',
      examples: ['100/s', '1000/h'],
      anyOf: [
        {
          title: 'rate',
          description: 'Requests a second, minute, hour or day, up to 1000000000.',
          examples: ['100/s', '1000/h'],
          type: 'string',
          pattern: '^(?:[1-9][0-9]{0,8}|1000000000)/[smhd]$',
        },
        { title: 'null', type: 'null' },
      ],
    },
    burst: {
      title: 'whole number from 1 to 1000000000 or null',
      description: 'How many requests at once; none: what the rate grants in a second.',
      examples: [200],
      anyOf: [
        {
          title: 'whole number from 1 to 1000000000',
          description: 'How many requests at once; none: what the rate grants in a second.',
          examples: [200],
          type: 'integer',
          minimum: 1,
          maximum: 1000000000,
        },
        { title: 'null', type: 'null' },
      ],
    },
    note: {
      title: 'text of up to 2000 characters, of control characters tabs and line feeds only',
      description: 'For people.',
      examples: ['renews in May'],
      type: 'string',
      pattern: '^(?:[^\\p{Cc}]|[\\t\\n]){0,2000}$',
    },
    enabled: { title: 'true or false', description: 'Whether the key counts.', type: 'boolean' },
    validUntil: {
      title: 'time or null',
      description: 'From then on the key counts no more; none: for good.',
      examples: ['2030-01-01T00:00:00Z'],
      anyOf: [
        {
          title: 'time',
          description: 'From then on the key counts no more; none: for good.',
          examples: ['2030-01-01T00:00:00Z'],
          type: 'string',
          pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(?:\\.\\d{1,9})?(?:Z|[+-]\\d\\d:\\d\\d)$',
        },
        { title: 'null', type: 'null' },
      ],
    },
  },
  required: ['name'],
  additionalProperties: false,
}
const pattern4 = new RegExp('^[A-Za-z0-9][A-Za-z0-9._~-]{0,63}$', 'u')
const pattern5 = new RegExp('^[^\\p{Cc}\\u2028\\u2029]{1,200}$', 'u')
const pattern7 = new RegExp('^(?:[1-9][0-9]{0,8}|1000000000)/[smhd]$', 'u')
const pattern8 = new RegExp('^(?:[^\\p{Cc}]|[\\t\\n]){0,2000}$', 'u')
const pattern9 = new RegExp('^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(?:\\.\\d{1,9})?(?:Z|[+-]\\d\\d:\\d\\d)$', 'u')
function validate20(
  data,
  { instancePath = '', parentData, parentDataProperty, rootData = data, dynamicAnchors = {} } = {},
) {
  let vErrors = null
  let errors = 0
  const evaluated0 = validate20.evaluated
  if (evaluated0.dynamicProps) {
    evaluated0.props = undefined
  }
  if (evaluated0.dynamicItems) {
    evaluated0.items = undefined
  }
  if (data && typeof data == 'object' && !Array.isArray(data)) {
    if (data.name === undefined) {
      const err0 = {
        instancePath,
        schemaPath: '#/required',
        keyword: 'required',
        params: { missingProperty: 'name' },
        message: "must have required property '" + 'name' + "'",
        schema: schema31.required,
        parentSchema: schema31,
        data,
      }
      if (vErrors === null) {
        vErrors = [err0]
      } else {
        vErrors.push(err0)
      }
      errors++
    }
    for (const key0 in data) {
      if (!(
        key0 === 'id' ||
        key0 === 'name' ||
        key0 === 'plan' ||
        key0 === 'rate' ||
        key0 === 'burst' ||
        key0 === 'note' ||
        key0 === 'enabled' ||
        key0 === 'validUntil'
      )) {
        const err1 = {
          instancePath,
          schemaPath: '#/additionalProperties',
          keyword: 'additionalProperties',
          params: { additionalProperty: key0 },
          message: 'must NOT have additional properties',
          schema: false,
          parentSchema: schema31,
          data,
        }
        if (vErrors === null) {
          vErrors = [err1]
        } else {
          vErrors.push(err1)
        }
        errors++
      }
    }
    if (data.id !== undefined) {
      let data0 = data.id
      if (typeof data0 === 'string') {
        if (!pattern4.test(data0)) {
          const err2 = {
            instancePath: instancePath + '/id',
            schemaPath: '#/properties/id/pattern',
            keyword: 'pattern',
            params: { pattern: '^[A-Za-z0-9][A-Za-z0-9._~-]{0,63}$' },
            message: 'must match pattern "' + '^[A-Za-z0-9][A-Za-z0-9._~-]{0,63}$' + '"',
            schema: '^[A-Za-z0-9][A-Za-z0-9._~-]{0,63}$',
            parentSchema: schema31.properties.id,
            data: data0,
          }
          if (vErrors === null) {
            vErrors = [err2]
          } else {
            vErrors.push(err2)
          }
          errors++
        }
      } else {
        const err3 = {
          instancePath: instancePath + '/id',
          schemaPath: '#/properties/id/type',
          keyword: 'type',
          params: { type: 'string' },
          message: 'must be string',
          schema: schema31.properties.id.type,
          parentSchema: schema31.properties.id,
          data: data0,
        }
        if (vErrors === null) {
          vErrors = [err3]
        } else {
          vErrors.push(err3)
        }
        errors++
      }
    }
    if (data.name !== undefined) {
      let data1 = data.name
      if (typeof data1 === 'string') {
        if (!pattern5.test(data1)) {
          const err4 = {
            instancePath: instancePath + '/name',
            schemaPath: '#/properties/name/pattern',
            keyword: 'pattern',
            params: { pattern: '^[^\\p{Cc}\\u2028\\u2029]{1,200}$' },
            message: 'must match pattern "' + '^[^\\p{Cc}\\u2028\\u2029]{1,200}$' + '"',
            schema: '^[^\\p{Cc}\\u2028\\u2029]{1,200}$',
            parentSchema: schema31.properties.name,
            data: data1,
          }
          if (vErrors === null) {
            vErrors = [err4]
          } else {
            vErrors.push(err4)
          }
          errors++
        }
      } else {
        const err5 = {
          instancePath: instancePath + '/name',
          schemaPath: '#/properties/name/type',
          keyword: 'type',
          params: { type: 'string' },
          message: 'must be string',
          schema: schema31.properties.name.type,
          parentSchema: schema31.properties.name,
          data: data1,
        }
        if (vErrors === null) {
          vErrors = [err5]
        } else {
          vErrors.push(err5)
        }
        errors++
      }
    }
    if (data.plan !== undefined) {
      let data2 = data.plan
      const _errs7 = errors
      let valid1 = false
      const _errs8 = errors
      if (typeof data2 === 'string') {
        if (!pattern4.test(data2)) {
          const err6 = {
            instancePath: instancePath + '/plan',
            schemaPath: '#/properties/plan/anyOf/0/pattern',
            keyword: 'pattern',
            params: { pattern: '^[A-Za-z0-9][A-Za-z0-9._~-]{0,63}$' },
            message: 'must match pattern "' + '^[A-Za-z0-9][A-Za-z0-9._~-]{0,63}$' + '"',
            schema: '^[A-Za-z0-9][A-Za-z0-9._~-]{0,63}$',
            parentSchema: schema31.properties.plan.anyOf[0],
            data: data2,
          }
          if (vErrors === null) {
            vErrors = [err6]
          } else {
            vErrors.push(err6)
          }
          errors++
        }
      } else {
        const err7 = {
          instancePath: instancePath + '/plan',
          schemaPath: '#/properties/plan/anyOf/0/type',
          keyword: 'type',
          params: { type: 'string' },
          message: 'must be string',
          schema: schema31.properties.plan.anyOf[0].type,
          parentSchema: schema31.properties.plan.anyOf[0],
          data: data2,
        }
        if (vErrors === null) {
          vErrors = [err7]
        } else {
          vErrors.push(err7)
        }
        errors++
      }
      var _valid0 = _errs8 === errors
      valid1 = valid1 || _valid0
      const _errs10 = errors
      if (data2 !== null) {
        const err8 = {
          instancePath: instancePath + '/plan',
          schemaPath: '#/properties/plan/anyOf/1/type',
          keyword: 'type',
          params: { type: 'null' },
          message: 'must be null',
          schema: schema31.properties.plan.anyOf[1].type,
          parentSchema: schema31.properties.plan.anyOf[1],
          data: data2,
        }
        if (vErrors === null) {
          vErrors = [err8]
        } else {
          vErrors.push(err8)
        }
        errors++
      }
      var _valid0 = _errs10 === errors
      valid1 = valid1 || _valid0
      if (!valid1) {
        const err9 = {
          instancePath: instancePath + '/plan',
          schemaPath: '#/properties/plan/anyOf',
          keyword: 'anyOf',
          params: {},
          message: 'must match a schema in anyOf',
          schema: schema31.properties.plan.anyOf,
          parentSchema: schema31.properties.plan,
          data: data2,
        }
        if (vErrors === null) {
          vErrors = [err9]
        } else {
          vErrors.push(err9)
        }
        errors++
      } else {
        errors = _errs7
        if (vErrors !== null) {
          if (_errs7) {
            vErrors.length = _errs7
          } else {
            vErrors = null
          }
        }
      }
    }
    if (data.rate !== undefined) {
      let data3 = data.rate
      const _errs13 = errors
      let valid2 = false
      const _errs14 = errors
      if (typeof data3 === 'string') {
        if (!pattern7.test(data3)) {
          const err10 = {
            instancePath: instancePath + '/rate',
            schemaPath: '#/properties/rate/anyOf/0/pattern',
            keyword: 'pattern',
            params: { pattern: '^(?:[1-9][0-9]{0,8}|1000000000)/[smhd]$' },
            message: 'must match pattern "' + '^(?:[1-9][0-9]{0,8}|1000000000)/[smhd]$' + '"',
            schema: '^(?:[1-9][0-9]{0,8}|1000000000)/[smhd]$',
            parentSchema: schema31.properties.rate.anyOf[0],
            data: data3,
          }
          if (vErrors === null) {
            vErrors = [err10]
          } else {
            vErrors.push(err10)
          }
          errors++
        }
      } else {
        const err11 = {
          instancePath: instancePath + '/rate',
          schemaPath: '#/properties/rate/anyOf/0/type',
          keyword: 'type',
          params: { type: 'string' },
          message: 'must be string',
          schema: schema31.properties.rate.anyOf[0].type,
          parentSchema: schema31.properties.rate.anyOf[0],
          data: data3,
        }
        if (vErrors === null) {
          vErrors = [err11]
        } else {
          vErrors.push(err11)
        }
        errors++
      }
      var _valid1 = _errs14 === errors
      valid2 = valid2 || _valid1
      const _errs16 = errors
      if (data3 !== null) {
        const err12 = {
          instancePath: instancePath + '/rate',
          schemaPath: '#/properties/rate/anyOf/1/type',
          keyword: 'type',
          params: { type: 'null' },
          message: 'must be null',
          schema: schema31.properties.rate.anyOf[1].type,
          parentSchema: schema31.properties.rate.anyOf[1],
          data: data3,
        }
        if (vErrors === null) {
          vErrors = [err12]
        } else {
          vErrors.push(err12)
        }
        errors++
      }
      var _valid1 = _errs16 === errors
      valid2 = valid2 || _valid1
      if (!valid2) {
        const err13 = {
          instancePath: instancePath + '/rate',
          schemaPath: '#/properties/rate/anyOf',
          keyword: 'anyOf',
          params: {},
          message: 'must match a schema in anyOf',
          schema: schema31.properties.rate.anyOf,
          parentSchema: schema31.properties.rate,
          data: data3,
        }
        if (vErrors === null) {
          vErrors = [err13]
        } else {
          vErrors.push(err13)
        }
        errors++
      } else {
        errors = _errs13
        if (vErrors !== null) {
          if (_errs13) {
            vErrors.length = _errs13
          } else {
            vErrors = null
          }
        }
      }
    }
    if (data.burst !== undefined) {
      let data4 = data.burst
      const _errs19 = errors
      let valid3 = false
      const _errs20 = errors
      if (!(typeof data4 == 'number' && !(data4 % 1) && !isNaN(data4) && isFinite(data4))) {
        const err14 = {
          instancePath: instancePath + '/burst',
          schemaPath: '#/properties/burst/anyOf/0/type',
          keyword: 'type',
          params: { type: 'integer' },
          message: 'must be integer',
          schema: schema31.properties.burst.anyOf[0].type,
          parentSchema: schema31.properties.burst.anyOf[0],
          data: data4,
        }
        if (vErrors === null) {
          vErrors = [err14]
        } else {
          vErrors.push(err14)
        }
        errors++
      }
      if (typeof data4 == 'number' && isFinite(data4)) {
        if (data4 > 1000000000 || isNaN(data4)) {
          const err15 = {
            instancePath: instancePath + '/burst',
            schemaPath: '#/properties/burst/anyOf/0/maximum',
            keyword: 'maximum',
            params: { comparison: '<=', limit: 1000000000 },
            message: 'must be <= 1000000000',
            schema: 1000000000,
            parentSchema: schema31.properties.burst.anyOf[0],
            data: data4,
          }
          if (vErrors === null) {
            vErrors = [err15]
          } else {
            vErrors.push(err15)
          }
          errors++
        }
        if (data4 < 1 || isNaN(data4)) {
          const err16 = {
            instancePath: instancePath + '/burst',
            schemaPath: '#/properties/burst/anyOf/0/minimum',
            keyword: 'minimum',
            params: { comparison: '>=', limit: 1 },
            message: 'must be >= 1',
            schema: 1,
            parentSchema: schema31.properties.burst.anyOf[0],
            data: data4,
          }
          if (vErrors === null) {
            vErrors = [err16]
          } else {
            vErrors.push(err16)
          }
          errors++
        }
      }
      var _valid2 = _errs20 === errors
      valid3 = valid3 || _valid2
      const _errs22 = errors
      if (data4 !== null) {
        const err17 = {
          instancePath: instancePath + '/burst',
          schemaPath: '#/properties/burst/anyOf/1/type',
          keyword: 'type',
          params: { type: 'null' },
          message: 'must be null',
          schema: schema31.properties.burst.anyOf[1].type,
          parentSchema: schema31.properties.burst.anyOf[1],
          data: data4,
        }
        if (vErrors === null) {
          vErrors = [err17]
        } else {
          vErrors.push(err17)
        }
        errors++
      }
      var _valid2 = _errs22 === errors
      valid3 = valid3 || _valid2
      if (!valid3) {
        const err18 = {
          instancePath: instancePath + '/burst',
          schemaPath: '#/properties/burst/anyOf',
          keyword: 'anyOf',
          params: {},
          message: 'must match a schema in anyOf',
          schema: schema31.properties.burst.anyOf,
          parentSchema: schema31.properties.burst,
          data: data4,
        }
        if (vErrors === null) {
          vErrors = [err18]
        } else {
          vErrors.push(err18)
        }
        errors++
      } else {
        errors = _errs19
        if (vErrors !== null) {
          if (_errs19) {
            vErrors.length = _errs19
          } else {
            vErrors = null
          }
        }
      }
    }
    if (data.note !== undefined) {
      let data5 = data.note
      if (typeof data5 === 'string') {
        if (!pattern8.test(data5)) {
          const err19 = {
            instancePath: instancePath + '/note',
            schemaPath: '#/properties/note/pattern',
            keyword: 'pattern',
            params: { pattern: '^(?:[^\\p{Cc}]|[\\t\\n]){0,2000}$' },
            message: 'must match pattern "' + '^(?:[^\\p{Cc}]|[\\t\\n]){0,2000}$' + '"',
            schema: '^(?:[^\\p{Cc}]|[\\t\\n]){0,2000}$',
            parentSchema: schema31.properties.note,
            data: data5,
          }
          if (vErrors === null) {
            vErrors = [err19]
          } else {
            vErrors.push(err19)
          }
          errors++
        }
      } else {
        const err20 = {
          instancePath: instancePath + '/note',
          schemaPath: '#/properties/note/type',
          keyword: 'type',
          params: { type: 'string' },
          message: 'must be string',
          schema: schema31.properties.note.type,
          parentSchema: schema31.properties.note,
          data: data5,
        }
        if (vErrors === null) {
          vErrors = [err20]
        } else {
          vErrors.push(err20)
        }
        errors++
      }
    }
    if (data.enabled !== undefined) {
      let data6 = data.enabled
      if (typeof data6 !== 'boolean') {
        const err21 = {
          instancePath: instancePath + '/enabled',
          schemaPath: '#/properties/enabled/type',
          keyword: 'type',
          params: { type: 'boolean' },
          message: 'must be boolean',
          schema: schema31.properties.enabled.type,
          parentSchema: schema31.properties.enabled,
          data: data6,
        }
        if (vErrors === null) {
          vErrors = [err21]
        } else {
          vErrors.push(err21)
        }
        errors++
      }
    }
    if (data.validUntil !== undefined) {
      let data7 = data.validUntil
      const _errs29 = errors
      let valid4 = false
      const _errs30 = errors
      if (typeof data7 === 'string') {
        if (!pattern9.test(data7)) {
          const err22 = {
            instancePath: instancePath + '/validUntil',
            schemaPath: '#/properties/validUntil/anyOf/0/pattern',
            keyword: 'pattern',
            params: { pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(?:\\.\\d{1,9})?(?:Z|[+-]\\d\\d:\\d\\d)$' },
            message:
              'must match pattern "' +
              '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(?:\\.\\d{1,9})?(?:Z|[+-]\\d\\d:\\d\\d)$' +
              '"',
            schema: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(?:\\.\\d{1,9})?(?:Z|[+-]\\d\\d:\\d\\d)$',
            parentSchema: schema31.properties.validUntil.anyOf[0],
            data: data7,
          }
          if (vErrors === null) {
            vErrors = [err22]
          } else {
            vErrors.push(err22)
          }
          errors++
        }
      } else {
        const err23 = {
          instancePath: instancePath + '/validUntil',
          schemaPath: '#/properties/validUntil/anyOf/0/type',
          keyword: 'type',
          params: { type: 'string' },
          message: 'must be string',
          schema: schema31.properties.validUntil.anyOf[0].type,
          parentSchema: schema31.properties.validUntil.anyOf[0],
          data: data7,
        }
        if (vErrors === null) {
          vErrors = [err23]
        } else {
          vErrors.push(err23)
        }
        errors++
      }
      var _valid3 = _errs30 === errors
      valid4 = valid4 || _valid3
      const _errs32 = errors
      if (data7 !== null) {
        const err24 = {
          instancePath: instancePath + '/validUntil',
          schemaPath: '#/properties/validUntil/anyOf/1/type',
          keyword: 'type',
          params: { type: 'null' },
          message: 'must be null',
          schema: schema31.properties.validUntil.anyOf[1].type,
          parentSchema: schema31.properties.validUntil.anyOf[1],
          data: data7,
        }
        if (vErrors === null) {
          vErrors = [err24]
        } else {
          vErrors.push(err24)
        }
        errors++
      }
      var _valid3 = _errs32 === errors
      valid4 = valid4 || _valid3
      if (!valid4) {
        const err25 = {
          instancePath: instancePath + '/validUntil',
          schemaPath: '#/properties/validUntil/anyOf',
          keyword: 'anyOf',
          params: {},
          message: 'must match a schema in anyOf',
          schema: schema31.properties.validUntil.anyOf,
          parentSchema: schema31.properties.validUntil,
          data: data7,
        }
        if (vErrors === null) {
          vErrors = [err25]
        } else {
          vErrors.push(err25)
        }
        errors++
      } else {
        errors = _errs29
        if (vErrors !== null) {
          if (_errs29) {
            vErrors.length = _errs29
          } else {
            vErrors = null
          }
        }
      }
    }
  } else {
    const err26 = {
      instancePath,
      schemaPath: '#/type',
      keyword: 'type',
      params: { type: 'object' },
      message: 'must be object',
      schema: schema31.type,
      parentSchema: schema31,
      data,
    }
    if (vErrors === null) {
      vErrors = [err26]
    } else {
      vErrors.push(err26)
    }
    errors++
  }
  validate20.errors = vErrors
  return errors === 0
}
validate20.evaluated = { props: true, dynamicProps: false, dynamicItems: false }
export const importClient = validate21
const schema32 = {
  title: 'object',
  description: 'One of them. With hash and prefix it keeps the key that it has; without, one is made.',
  examples: [
    { name: 'Acme Ltd', plan: 'gold' },
    { name: 'Acme Ltd', id: 'acme', rate: '100/s', burst: 200 },
  ],
  type: 'object',
  properties: {
    id: {
      title: 'name of up to 64 letters, digits and . _ ~ -, which begins with a letter or digit',
      description: 'What it is called in paths; none: one is made.',
      examples: ['acme'],
      type: 'string',
      pattern: '^[A-Za-z0-9][A-Za-z0-9._~-]{0,63}$',
    },
    name: {
      title: 'text of 1 to 200 characters without control characters',
      description: 'For people.',
      examples: ['Acme Ltd'],
      type: 'string',
      pattern: '^[^\\p{Cc}\\u2028\\u2029]{1,200}$',
    },
    plan: {
      title: 'name of up to 64 letters, digits and . _ ~ -, which begins with a letter or digit or null',
      description: 'A plan that there is, whose limits hold where the client has none of its own.',
      examples: ['gold'],
      anyOf: [
        {
          title: 'name of up to 64 letters, digits and . _ ~ -, which begins with a letter or digit',
          description: 'A plan that there is, whose limits hold where the client has none of its own.',
          examples: ['gold'],
          type: 'string',
          pattern: '^[A-Za-z0-9][A-Za-z0-9._~-]{0,63}$',
        },
        { title: 'null', type: 'null' },
      ],
    },
    rate: {
      title: 'rate or null',
      description: 'Requests a second, minute, hour or day, up to 1000000000.',
      examples: ['100/s', '1000/h'],
      anyOf: [
        {
          title: 'rate',
          description: 'Requests a second, minute, hour or day, up to 1000000000.',
          examples: ['100/s', '1000/h'],
          type: 'string',
          pattern: '^(?:[1-9][0-9]{0,8}|1000000000)/[smhd]$',
        },
        { title: 'null', type: 'null' },
      ],
    },
    burst: {
      title: 'whole number from 1 to 1000000000 or null',
      description: 'How many requests at once; none: what the rate grants in a second.',
      examples: [200],
      anyOf: [
        {
          title: 'whole number from 1 to 1000000000',
          description: 'How many requests at once; none: what the rate grants in a second.',
          examples: [200],
          type: 'integer',
          minimum: 1,
          maximum: 1000000000,
        },
        { title: 'null', type: 'null' },
      ],
    },
    note: {
      title: 'text of up to 2000 characters, of control characters tabs and line feeds only',
      description: 'For people.',
      examples: ['renews in May'],
      type: 'string',
      pattern: '^(?:[^\\p{Cc}]|[\\t\\n]){0,2000}$',
    },
    enabled: { title: 'true or false', description: 'Whether the key counts.', type: 'boolean' },
    validUntil: {
      title: 'time or null',
      description: 'From then on the key counts no more; none: for good.',
      examples: ['2030-01-01T00:00:00Z'],
      anyOf: [
        {
          title: 'time',
          description: 'From then on the key counts no more; none: for good.',
          examples: ['2030-01-01T00:00:00Z'],
          type: 'string',
          pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(?:\\.\\d{1,9})?(?:Z|[+-]\\d\\d:\\d\\d)$',
        },
        { title: 'null', type: 'null' },
      ],
    },
    keyHash: { title: 'SHA-256 in 64 hex digits', type: 'string', pattern: '^[0-9a-f]{64}$' },
    keyPrefix: { title: 'text such as "sek_" and 8 characters', type: 'string', pattern: '^sek_[\\w-]{8}$' },
  },
  required: ['name'],
  additionalProperties: false,
}
const func1 = Object.prototype.hasOwnProperty
const pattern16 = new RegExp('^[0-9a-f]{64}$', 'u')
const pattern17 = new RegExp('^sek_[\\w-]{8}$', 'u')
function validate21(
  data,
  { instancePath = '', parentData, parentDataProperty, rootData = data, dynamicAnchors = {} } = {},
) {
  let vErrors = null
  let errors = 0
  const evaluated0 = validate21.evaluated
  if (evaluated0.dynamicProps) {
    evaluated0.props = undefined
  }
  if (evaluated0.dynamicItems) {
    evaluated0.items = undefined
  }
  if (data && typeof data == 'object' && !Array.isArray(data)) {
    if (data.name === undefined) {
      const err0 = {
        instancePath,
        schemaPath: '#/required',
        keyword: 'required',
        params: { missingProperty: 'name' },
        message: "must have required property '" + 'name' + "'",
        schema: schema32.required,
        parentSchema: schema32,
        data,
      }
      if (vErrors === null) {
        vErrors = [err0]
      } else {
        vErrors.push(err0)
      }
      errors++
    }
    for (const key0 in data) {
      if (!func1.call(schema32.properties, key0)) {
        const err1 = {
          instancePath,
          schemaPath: '#/additionalProperties',
          keyword: 'additionalProperties',
          params: { additionalProperty: key0 },
          message: 'must NOT have additional properties',
          schema: false,
          parentSchema: schema32,
          data,
        }
        if (vErrors === null) {
          vErrors = [err1]
        } else {
          vErrors.push(err1)
        }
        errors++
      }
    }
    if (data.id !== undefined) {
      let data0 = data.id
      if (typeof data0 === 'string') {
        if (!pattern4.test(data0)) {
          const err2 = {
            instancePath: instancePath + '/id',
            schemaPath: '#/properties/id/pattern',
            keyword: 'pattern',
            params: { pattern: '^[A-Za-z0-9][A-Za-z0-9._~-]{0,63}$' },
            message: 'must match pattern "' + '^[A-Za-z0-9][A-Za-z0-9._~-]{0,63}$' + '"',
            schema: '^[A-Za-z0-9][A-Za-z0-9._~-]{0,63}$',
            parentSchema: schema32.properties.id,
            data: data0,
          }
          if (vErrors === null) {
            vErrors = [err2]
          } else {
            vErrors.push(err2)
          }
          errors++
        }
      } else {
        const err3 = {
          instancePath: instancePath + '/id',
          schemaPath: '#/properties/id/type',
          keyword: 'type',
          params: { type: 'string' },
          message: 'must be string',
          schema: schema32.properties.id.type,
          parentSchema: schema32.properties.id,
          data: data0,
        }
        if (vErrors === null) {
          vErrors = [err3]
        } else {
          vErrors.push(err3)
        }
        errors++
      }
    }
    if (data.name !== undefined) {
      let data1 = data.name
      if (typeof data1 === 'string') {
        if (!pattern5.test(data1)) {
          const err4 = {
            instancePath: instancePath + '/name',
            schemaPath: '#/properties/name/pattern',
            keyword: 'pattern',
            params: { pattern: '^[^\\p{Cc}\\u2028\\u2029]{1,200}$' },
            message: 'must match pattern "' + '^[^\\p{Cc}\\u2028\\u2029]{1,200}$' + '"',
            schema: '^[^\\p{Cc}\\u2028\\u2029]{1,200}$',
            parentSchema: schema32.properties.name,
            data: data1,
          }
          if (vErrors === null) {
            vErrors = [err4]
          } else {
            vErrors.push(err4)
          }
          errors++
        }
      } else {
        const err5 = {
          instancePath: instancePath + '/name',
          schemaPath: '#/properties/name/type',
          keyword: 'type',
          params: { type: 'string' },
          message: 'must be string',
          schema: schema32.properties.name.type,
          parentSchema: schema32.properties.name,
          data: data1,
        }
        if (vErrors === null) {
          vErrors = [err5]
        } else {
          vErrors.push(err5)
        }
        errors++
      }
    }
    if (data.plan !== undefined) {
      let data2 = data.plan
      const _errs7 = errors
      let valid1 = false
      const _errs8 = errors
      if (typeof data2 === 'string') {
        if (!pattern4.test(data2)) {
          const err6 = {
            instancePath: instancePath + '/plan',
            schemaPath: '#/properties/plan/anyOf/0/pattern',
            keyword: 'pattern',
            params: { pattern: '^[A-Za-z0-9][A-Za-z0-9._~-]{0,63}$' },
            message: 'must match pattern "' + '^[A-Za-z0-9][A-Za-z0-9._~-]{0,63}$' + '"',
            schema: '^[A-Za-z0-9][A-Za-z0-9._~-]{0,63}$',
            parentSchema: schema32.properties.plan.anyOf[0],
            data: data2,
          }
          if (vErrors === null) {
            vErrors = [err6]
          } else {
            vErrors.push(err6)
          }
          errors++
        }
      } else {
        const err7 = {
          instancePath: instancePath + '/plan',
          schemaPath: '#/properties/plan/anyOf/0/type',
          keyword: 'type',
          params: { type: 'string' },
          message: 'must be string',
          schema: schema32.properties.plan.anyOf[0].type,
          parentSchema: schema32.properties.plan.anyOf[0],
          data: data2,
        }
        if (vErrors === null) {
          vErrors = [err7]
        } else {
          vErrors.push(err7)
        }
        errors++
      }
      var _valid0 = _errs8 === errors
      valid1 = valid1 || _valid0
      const _errs10 = errors
      if (data2 !== null) {
        const err8 = {
          instancePath: instancePath + '/plan',
          schemaPath: '#/properties/plan/anyOf/1/type',
          keyword: 'type',
          params: { type: 'null' },
          message: 'must be null',
          schema: schema32.properties.plan.anyOf[1].type,
          parentSchema: schema32.properties.plan.anyOf[1],
          data: data2,
        }
        if (vErrors === null) {
          vErrors = [err8]
        } else {
          vErrors.push(err8)
        }
        errors++
      }
      var _valid0 = _errs10 === errors
      valid1 = valid1 || _valid0
      if (!valid1) {
        const err9 = {
          instancePath: instancePath + '/plan',
          schemaPath: '#/properties/plan/anyOf',
          keyword: 'anyOf',
          params: {},
          message: 'must match a schema in anyOf',
          schema: schema32.properties.plan.anyOf,
          parentSchema: schema32.properties.plan,
          data: data2,
        }
        if (vErrors === null) {
          vErrors = [err9]
        } else {
          vErrors.push(err9)
        }
        errors++
      } else {
        errors = _errs7
        if (vErrors !== null) {
          if (_errs7) {
            vErrors.length = _errs7
          } else {
            vErrors = null
          }
        }
      }
    }
    if (data.rate !== undefined) {
      let data3 = data.rate
      const _errs13 = errors
      let valid2 = false
      const _errs14 = errors
      if (typeof data3 === 'string') {
        if (!pattern7.test(data3)) {
          const err10 = {
            instancePath: instancePath + '/rate',
            schemaPath: '#/properties/rate/anyOf/0/pattern',
            keyword: 'pattern',
            params: { pattern: '^(?:[1-9][0-9]{0,8}|1000000000)/[smhd]$' },
            message: 'must match pattern "' + '^(?:[1-9][0-9]{0,8}|1000000000)/[smhd]$' + '"',
            schema: '^(?:[1-9][0-9]{0,8}|1000000000)/[smhd]$',
            parentSchema: schema32.properties.rate.anyOf[0],
            data: data3,
          }
          if (vErrors === null) {
            vErrors = [err10]
          } else {
            vErrors.push(err10)
          }
          errors++
        }
      } else {
        const err11 = {
          instancePath: instancePath + '/rate',
          schemaPath: '#/properties/rate/anyOf/0/type',
          keyword: 'type',
          params: { type: 'string' },
          message: 'must be string',
          schema: schema32.properties.rate.anyOf[0].type,
          parentSchema: schema32.properties.rate.anyOf[0],
          data: data3,
        }
        if (vErrors === null) {
          vErrors = [err11]
        } else {
          vErrors.push(err11)
        }
        errors++
      }
      var _valid1 = _errs14 === errors
      valid2 = valid2 || _valid1
      const _errs16 = errors
      if (data3 !== null) {
        const err12 = {
          instancePath: instancePath + '/rate',
          schemaPath: '#/properties/rate/anyOf/1/type',
          keyword: 'type',
          params: { type: 'null' },
          message: 'must be null',
          schema: schema32.properties.rate.anyOf[1].type,
          parentSchema: schema32.properties.rate.anyOf[1],
          data: data3,
        }
        if (vErrors === null) {
          vErrors = [err12]
        } else {
          vErrors.push(err12)
        }
        errors++
      }
      var _valid1 = _errs16 === errors
      valid2 = valid2 || _valid1
      if (!valid2) {
        const err13 = {
          instancePath: instancePath + '/rate',
          schemaPath: '#/properties/rate/anyOf',
          keyword: 'anyOf',
          params: {},
          message: 'must match a schema in anyOf',
          schema: schema32.properties.rate.anyOf,
          parentSchema: schema32.properties.rate,
          data: data3,
        }
        if (vErrors === null) {
          vErrors = [err13]
        } else {
          vErrors.push(err13)
        }
        errors++
      } else {
        errors = _errs13
        if (vErrors !== null) {
          if (_errs13) {
            vErrors.length = _errs13
          } else {
            vErrors = null
          }
        }
      }
    }
    if (data.burst !== undefined) {
      let data4 = data.burst
      const _errs19 = errors
      let valid3 = false
      const _errs20 = errors
      if (!(typeof data4 == 'number' && !(data4 % 1) && !isNaN(data4) && isFinite(data4))) {
        const err14 = {
          instancePath: instancePath + '/burst',
          schemaPath: '#/properties/burst/anyOf/0/type',
          keyword: 'type',
          params: { type: 'integer' },
          message: 'must be integer',
          schema: schema32.properties.burst.anyOf[0].type,
          parentSchema: schema32.properties.burst.anyOf[0],
          data: data4,
        }
        if (vErrors === null) {
          vErrors = [err14]
        } else {
          vErrors.push(err14)
        }
        errors++
      }
      if (typeof data4 == 'number' && isFinite(data4)) {
        if (data4 > 1000000000 || isNaN(data4)) {
          const err15 = {
            instancePath: instancePath + '/burst',
            schemaPath: '#/properties/burst/anyOf/0/maximum',
            keyword: 'maximum',
            params: { comparison: '<=', limit: 1000000000 },
            message: 'must be <= 1000000000',
            schema: 1000000000,
            parentSchema: schema32.properties.burst.anyOf[0],
            data: data4,
          }
          if (vErrors === null) {
            vErrors = [err15]
          } else {
            vErrors.push(err15)
          }
          errors++
        }
        if (data4 < 1 || isNaN(data4)) {
          const err16 = {
            instancePath: instancePath + '/burst',
            schemaPath: '#/properties/burst/anyOf/0/minimum',
            keyword: 'minimum',
            params: { comparison: '>=', limit: 1 },
            message: 'must be >= 1',
            schema: 1,
            parentSchema: schema32.properties.burst.anyOf[0],
            data: data4,
          }
          if (vErrors === null) {
            vErrors = [err16]
          } else {
            vErrors.push(err16)
          }
          errors++
        }
      }
      var _valid2 = _errs20 === errors
      valid3 = valid3 || _valid2
      const _errs22 = errors
      if (data4 !== null) {
        const err17 = {
          instancePath: instancePath + '/burst',
          schemaPath: '#/properties/burst/anyOf/1/type',
          keyword: 'type',
          params: { type: 'null' },
          message: 'must be null',
          schema: schema32.properties.burst.anyOf[1].type,
          parentSchema: schema32.properties.burst.anyOf[1],
          data: data4,
        }
        if (vErrors === null) {
          vErrors = [err17]
        } else {
          vErrors.push(err17)
        }
        errors++
      }
      var _valid2 = _errs22 === errors
      valid3 = valid3 || _valid2
      if (!valid3) {
        const err18 = {
          instancePath: instancePath + '/burst',
          schemaPath: '#/properties/burst/anyOf',
          keyword: 'anyOf',
          params: {},
          message: 'must match a schema in anyOf',
          schema: schema32.properties.burst.anyOf,
          parentSchema: schema32.properties.burst,
          data: data4,
        }
        if (vErrors === null) {
          vErrors = [err18]
        } else {
          vErrors.push(err18)
        }
        errors++
      } else {
        errors = _errs19
        if (vErrors !== null) {
          if (_errs19) {
            vErrors.length = _errs19
          } else {
            vErrors = null
          }
        }
      }
    }
    if (data.note !== undefined) {
      let data5 = data.note
      if (typeof data5 === 'string') {
        if (!pattern8.test(data5)) {
          const err19 = {
            instancePath: instancePath + '/note',
            schemaPath: '#/properties/note/pattern',
            keyword: 'pattern',
            params: { pattern: '^(?:[^\\p{Cc}]|[\\t\\n]){0,2000}$' },
            message: 'must match pattern "' + '^(?:[^\\p{Cc}]|[\\t\\n]){0,2000}$' + '"',
            schema: '^(?:[^\\p{Cc}]|[\\t\\n]){0,2000}$',
            parentSchema: schema32.properties.note,
            data: data5,
          }
          if (vErrors === null) {
            vErrors = [err19]
          } else {
            vErrors.push(err19)
          }
          errors++
        }
      } else {
        const err20 = {
          instancePath: instancePath + '/note',
          schemaPath: '#/properties/note/type',
          keyword: 'type',
          params: { type: 'string' },
          message: 'must be string',
          schema: schema32.properties.note.type,
          parentSchema: schema32.properties.note,
          data: data5,
        }
        if (vErrors === null) {
          vErrors = [err20]
        } else {
          vErrors.push(err20)
        }
        errors++
      }
    }
    if (data.enabled !== undefined) {
      let data6 = data.enabled
      if (typeof data6 !== 'boolean') {
        const err21 = {
          instancePath: instancePath + '/enabled',
          schemaPath: '#/properties/enabled/type',
          keyword: 'type',
          params: { type: 'boolean' },
          message: 'must be boolean',
          schema: schema32.properties.enabled.type,
          parentSchema: schema32.properties.enabled,
          data: data6,
        }
        if (vErrors === null) {
          vErrors = [err21]
        } else {
          vErrors.push(err21)
        }
        errors++
      }
    }
    if (data.validUntil !== undefined) {
      let data7 = data.validUntil
      const _errs29 = errors
      let valid4 = false
      const _errs30 = errors
      if (typeof data7 === 'string') {
        if (!pattern9.test(data7)) {
          const err22 = {
            instancePath: instancePath + '/validUntil',
            schemaPath: '#/properties/validUntil/anyOf/0/pattern',
            keyword: 'pattern',
            params: { pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(?:\\.\\d{1,9})?(?:Z|[+-]\\d\\d:\\d\\d)$' },
            message:
              'must match pattern "' +
              '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(?:\\.\\d{1,9})?(?:Z|[+-]\\d\\d:\\d\\d)$' +
              '"',
            schema: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(?:\\.\\d{1,9})?(?:Z|[+-]\\d\\d:\\d\\d)$',
            parentSchema: schema32.properties.validUntil.anyOf[0],
            data: data7,
          }
          if (vErrors === null) {
            vErrors = [err22]
          } else {
            vErrors.push(err22)
          }
          errors++
        }
      } else {
        const err23 = {
          instancePath: instancePath + '/validUntil',
          schemaPath: '#/properties/validUntil/anyOf/0/type',
          keyword: 'type',
          params: { type: 'string' },
          message: 'must be string',
          schema: schema32.properties.validUntil.anyOf[0].type,
          parentSchema: schema32.properties.validUntil.anyOf[0],
          data: data7,
        }
        if (vErrors === null) {
          vErrors = [err23]
        } else {
          vErrors.push(err23)
        }
        errors++
      }
      var _valid3 = _errs30 === errors
      valid4 = valid4 || _valid3
      const _errs32 = errors
      if (data7 !== null) {
        const err24 = {
          instancePath: instancePath + '/validUntil',
          schemaPath: '#/properties/validUntil/anyOf/1/type',
          keyword: 'type',
          params: { type: 'null' },
          message: 'must be null',
          schema: schema32.properties.validUntil.anyOf[1].type,
          parentSchema: schema32.properties.validUntil.anyOf[1],
          data: data7,
        }
        if (vErrors === null) {
          vErrors = [err24]
        } else {
          vErrors.push(err24)
        }
        errors++
      }
      var _valid3 = _errs32 === errors
      valid4 = valid4 || _valid3
      if (!valid4) {
        const err25 = {
          instancePath: instancePath + '/validUntil',
          schemaPath: '#/properties/validUntil/anyOf',
          keyword: 'anyOf',
          params: {},
          message: 'must match a schema in anyOf',
          schema: schema32.properties.validUntil.anyOf,
          parentSchema: schema32.properties.validUntil,
          data: data7,
        }
        if (vErrors === null) {
          vErrors = [err25]
        } else {
          vErrors.push(err25)
        }
        errors++
      } else {
        errors = _errs29
        if (vErrors !== null) {
          if (_errs29) {
            vErrors.length = _errs29
          } else {
            vErrors = null
          }
        }
      }
    }
    if (data.keyHash !== undefined) {
      let data8 = data.keyHash
      if (typeof data8 === 'string') {
        if (!pattern16.test(data8)) {
          const err26 = {
            instancePath: instancePath + '/keyHash',
            schemaPath: '#/properties/keyHash/pattern',
            keyword: 'pattern',
            params: { pattern: '^[0-9a-f]{64}$' },
            message: 'must match pattern "' + '^[0-9a-f]{64}$' + '"',
            schema: '^[0-9a-f]{64}$',
            parentSchema: schema32.properties.keyHash,
            data: data8,
          }
          if (vErrors === null) {
            vErrors = [err26]
          } else {
            vErrors.push(err26)
          }
          errors++
        }
      } else {
        const err27 = {
          instancePath: instancePath + '/keyHash',
          schemaPath: '#/properties/keyHash/type',
          keyword: 'type',
          params: { type: 'string' },
          message: 'must be string',
          schema: schema32.properties.keyHash.type,
          parentSchema: schema32.properties.keyHash,
          data: data8,
        }
        if (vErrors === null) {
          vErrors = [err27]
        } else {
          vErrors.push(err27)
        }
        errors++
      }
    }
    if (data.keyPrefix !== undefined) {
      let data9 = data.keyPrefix
      if (typeof data9 === 'string') {
        if (!pattern17.test(data9)) {
          const err28 = {
            instancePath: instancePath + '/keyPrefix',
            schemaPath: '#/properties/keyPrefix/pattern',
            keyword: 'pattern',
            params: { pattern: '^sek_[\\w-]{8}$' },
            message: 'must match pattern "' + '^sek_[\\w-]{8}$' + '"',
            schema: '^sek_[\\w-]{8}$',
            parentSchema: schema32.properties.keyPrefix,
            data: data9,
          }
          if (vErrors === null) {
            vErrors = [err28]
          } else {
            vErrors.push(err28)
          }
          errors++
        }
      } else {
        const err29 = {
          instancePath: instancePath + '/keyPrefix',
          schemaPath: '#/properties/keyPrefix/type',
          keyword: 'type',
          params: { type: 'string' },
          message: 'must be string',
          schema: schema32.properties.keyPrefix.type,
          parentSchema: schema32.properties.keyPrefix,
          data: data9,
        }
        if (vErrors === null) {
          vErrors = [err29]
        } else {
          vErrors.push(err29)
        }
        errors++
      }
    }
  } else {
    const err30 = {
      instancePath,
      schemaPath: '#/type',
      keyword: 'type',
      params: { type: 'object' },
      message: 'must be object',
      schema: schema32.type,
      parentSchema: schema32,
      data,
    }
    if (vErrors === null) {
      vErrors = [err30]
    } else {
      vErrors.push(err30)
    }
    errors++
  }
  validate21.errors = vErrors
  return errors === 0
}
validate21.evaluated = { props: true, dynamicProps: false, dynamicItems: false }
export const updateClient = validate22
const schema33 = {
  title: 'object',
  description: 'What changes of a client; at least one of the keys. null takes away.',
  examples: [{ rate: '50/s' }, { enabled: false }, { plan: null }],
  type: 'object',
  properties: {
    name: {
      title: 'text of 1 to 200 characters without control characters',
      description: 'For people.',
      examples: ['Acme Ltd'],
      type: 'string',
      pattern: '^[^\\p{Cc}\\u2028\\u2029]{1,200}$',
    },
    plan: {
      title: 'name of up to 64 letters, digits and . _ ~ -, which begins with a letter or digit or null',
      description: 'A plan that there is, whose limits hold where the client has none of its own.',
      examples: ['gold'],
      anyOf: [
        {
          title: 'name of up to 64 letters, digits and . _ ~ -, which begins with a letter or digit',
          description: 'A plan that there is, whose limits hold where the client has none of its own.',
          examples: ['gold'],
          type: 'string',
          pattern: '^[A-Za-z0-9][A-Za-z0-9._~-]{0,63}$',
        },
        { title: 'null', type: 'null' },
      ],
    },
    rate: {
      title: 'rate or null',
      description: 'Requests a second, minute, hour or day, up to 1000000000.',
      examples: ['100/s', '1000/h'],
      anyOf: [
        {
          title: 'rate',
          description: 'Requests a second, minute, hour or day, up to 1000000000.',
          examples: ['100/s', '1000/h'],
          type: 'string',
          pattern: '^(?:[1-9][0-9]{0,8}|1000000000)/[smhd]$',
        },
        { title: 'null', type: 'null' },
      ],
    },
    burst: {
      title: 'whole number from 1 to 1000000000 or null',
      description: 'How many requests at once; none: what the rate grants in a second.',
      examples: [200],
      anyOf: [
        {
          title: 'whole number from 1 to 1000000000',
          description: 'How many requests at once; none: what the rate grants in a second.',
          examples: [200],
          type: 'integer',
          minimum: 1,
          maximum: 1000000000,
        },
        { title: 'null', type: 'null' },
      ],
    },
    note: {
      title: 'text of up to 2000 characters, of control characters tabs and line feeds only',
      description: 'For people.',
      examples: ['renews in May'],
      type: 'string',
      pattern: '^(?:[^\\p{Cc}]|[\\t\\n]){0,2000}$',
    },
    enabled: { title: 'true or false', description: 'Whether the key counts.', type: 'boolean' },
    validUntil: {
      title: 'time or null',
      description: 'From then on the key counts no more; none: for good.',
      examples: ['2030-01-01T00:00:00Z'],
      anyOf: [
        {
          title: 'time',
          description: 'From then on the key counts no more; none: for good.',
          examples: ['2030-01-01T00:00:00Z'],
          type: 'string',
          pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(?:\\.\\d{1,9})?(?:Z|[+-]\\d\\d:\\d\\d)$',
        },
        { title: 'null', type: 'null' },
      ],
    },
  },
  additionalProperties: false,
  minProperties: 1,
}
function validate22(
  data,
  { instancePath = '', parentData, parentDataProperty, rootData = data, dynamicAnchors = {} } = {},
) {
  let vErrors = null
  let errors = 0
  const evaluated0 = validate22.evaluated
  if (evaluated0.dynamicProps) {
    evaluated0.props = undefined
  }
  if (evaluated0.dynamicItems) {
    evaluated0.items = undefined
  }
  if (data && typeof data == 'object' && !Array.isArray(data)) {
    if (Object.keys(data).length < 1) {
      const err0 = {
        instancePath,
        schemaPath: '#/minProperties',
        keyword: 'minProperties',
        params: { limit: 1 },
        message: 'must NOT have fewer than 1 properties',
        schema: 1,
        parentSchema: schema33,
        data,
      }
      if (vErrors === null) {
        vErrors = [err0]
      } else {
        vErrors.push(err0)
      }
      errors++
    }
    for (const key0 in data) {
      if (!(
        key0 === 'name' ||
        key0 === 'plan' ||
        key0 === 'rate' ||
        key0 === 'burst' ||
        key0 === 'note' ||
        key0 === 'enabled' ||
        key0 === 'validUntil'
      )) {
        const err1 = {
          instancePath,
          schemaPath: '#/additionalProperties',
          keyword: 'additionalProperties',
          params: { additionalProperty: key0 },
          message: 'must NOT have additional properties',
          schema: false,
          parentSchema: schema33,
          data,
        }
        if (vErrors === null) {
          vErrors = [err1]
        } else {
          vErrors.push(err1)
        }
        errors++
      }
    }
    if (data.name !== undefined) {
      let data0 = data.name
      if (typeof data0 === 'string') {
        if (!pattern5.test(data0)) {
          const err2 = {
            instancePath: instancePath + '/name',
            schemaPath: '#/properties/name/pattern',
            keyword: 'pattern',
            params: { pattern: '^[^\\p{Cc}\\u2028\\u2029]{1,200}$' },
            message: 'must match pattern "' + '^[^\\p{Cc}\\u2028\\u2029]{1,200}$' + '"',
            schema: '^[^\\p{Cc}\\u2028\\u2029]{1,200}$',
            parentSchema: schema33.properties.name,
            data: data0,
          }
          if (vErrors === null) {
            vErrors = [err2]
          } else {
            vErrors.push(err2)
          }
          errors++
        }
      } else {
        const err3 = {
          instancePath: instancePath + '/name',
          schemaPath: '#/properties/name/type',
          keyword: 'type',
          params: { type: 'string' },
          message: 'must be string',
          schema: schema33.properties.name.type,
          parentSchema: schema33.properties.name,
          data: data0,
        }
        if (vErrors === null) {
          vErrors = [err3]
        } else {
          vErrors.push(err3)
        }
        errors++
      }
    }
    if (data.plan !== undefined) {
      let data1 = data.plan
      const _errs5 = errors
      let valid1 = false
      const _errs6 = errors
      if (typeof data1 === 'string') {
        if (!pattern4.test(data1)) {
          const err4 = {
            instancePath: instancePath + '/plan',
            schemaPath: '#/properties/plan/anyOf/0/pattern',
            keyword: 'pattern',
            params: { pattern: '^[A-Za-z0-9][A-Za-z0-9._~-]{0,63}$' },
            message: 'must match pattern "' + '^[A-Za-z0-9][A-Za-z0-9._~-]{0,63}$' + '"',
            schema: '^[A-Za-z0-9][A-Za-z0-9._~-]{0,63}$',
            parentSchema: schema33.properties.plan.anyOf[0],
            data: data1,
          }
          if (vErrors === null) {
            vErrors = [err4]
          } else {
            vErrors.push(err4)
          }
          errors++
        }
      } else {
        const err5 = {
          instancePath: instancePath + '/plan',
          schemaPath: '#/properties/plan/anyOf/0/type',
          keyword: 'type',
          params: { type: 'string' },
          message: 'must be string',
          schema: schema33.properties.plan.anyOf[0].type,
          parentSchema: schema33.properties.plan.anyOf[0],
          data: data1,
        }
        if (vErrors === null) {
          vErrors = [err5]
        } else {
          vErrors.push(err5)
        }
        errors++
      }
      var _valid0 = _errs6 === errors
      valid1 = valid1 || _valid0
      const _errs8 = errors
      if (data1 !== null) {
        const err6 = {
          instancePath: instancePath + '/plan',
          schemaPath: '#/properties/plan/anyOf/1/type',
          keyword: 'type',
          params: { type: 'null' },
          message: 'must be null',
          schema: schema33.properties.plan.anyOf[1].type,
          parentSchema: schema33.properties.plan.anyOf[1],
          data: data1,
        }
        if (vErrors === null) {
          vErrors = [err6]
        } else {
          vErrors.push(err6)
        }
        errors++
      }
      var _valid0 = _errs8 === errors
      valid1 = valid1 || _valid0
      if (!valid1) {
        const err7 = {
          instancePath: instancePath + '/plan',
          schemaPath: '#/properties/plan/anyOf',
          keyword: 'anyOf',
          params: {},
          message: 'must match a schema in anyOf',
          schema: schema33.properties.plan.anyOf,
          parentSchema: schema33.properties.plan,
          data: data1,
        }
        if (vErrors === null) {
          vErrors = [err7]
        } else {
          vErrors.push(err7)
        }
        errors++
      } else {
        errors = _errs5
        if (vErrors !== null) {
          if (_errs5) {
            vErrors.length = _errs5
          } else {
            vErrors = null
          }
        }
      }
    }
    if (data.rate !== undefined) {
      let data2 = data.rate
      const _errs11 = errors
      let valid2 = false
      const _errs12 = errors
      if (typeof data2 === 'string') {
        if (!pattern7.test(data2)) {
          const err8 = {
            instancePath: instancePath + '/rate',
            schemaPath: '#/properties/rate/anyOf/0/pattern',
            keyword: 'pattern',
            params: { pattern: '^(?:[1-9][0-9]{0,8}|1000000000)/[smhd]$' },
            message: 'must match pattern "' + '^(?:[1-9][0-9]{0,8}|1000000000)/[smhd]$' + '"',
            schema: '^(?:[1-9][0-9]{0,8}|1000000000)/[smhd]$',
            parentSchema: schema33.properties.rate.anyOf[0],
            data: data2,
          }
          if (vErrors === null) {
            vErrors = [err8]
          } else {
            vErrors.push(err8)
          }
          errors++
        }
      } else {
        const err9 = {
          instancePath: instancePath + '/rate',
          schemaPath: '#/properties/rate/anyOf/0/type',
          keyword: 'type',
          params: { type: 'string' },
          message: 'must be string',
          schema: schema33.properties.rate.anyOf[0].type,
          parentSchema: schema33.properties.rate.anyOf[0],
          data: data2,
        }
        if (vErrors === null) {
          vErrors = [err9]
        } else {
          vErrors.push(err9)
        }
        errors++
      }
      var _valid1 = _errs12 === errors
      valid2 = valid2 || _valid1
      const _errs14 = errors
      if (data2 !== null) {
        const err10 = {
          instancePath: instancePath + '/rate',
          schemaPath: '#/properties/rate/anyOf/1/type',
          keyword: 'type',
          params: { type: 'null' },
          message: 'must be null',
          schema: schema33.properties.rate.anyOf[1].type,
          parentSchema: schema33.properties.rate.anyOf[1],
          data: data2,
        }
        if (vErrors === null) {
          vErrors = [err10]
        } else {
          vErrors.push(err10)
        }
        errors++
      }
      var _valid1 = _errs14 === errors
      valid2 = valid2 || _valid1
      if (!valid2) {
        const err11 = {
          instancePath: instancePath + '/rate',
          schemaPath: '#/properties/rate/anyOf',
          keyword: 'anyOf',
          params: {},
          message: 'must match a schema in anyOf',
          schema: schema33.properties.rate.anyOf,
          parentSchema: schema33.properties.rate,
          data: data2,
        }
        if (vErrors === null) {
          vErrors = [err11]
        } else {
          vErrors.push(err11)
        }
        errors++
      } else {
        errors = _errs11
        if (vErrors !== null) {
          if (_errs11) {
            vErrors.length = _errs11
          } else {
            vErrors = null
          }
        }
      }
    }
    if (data.burst !== undefined) {
      let data3 = data.burst
      const _errs17 = errors
      let valid3 = false
      const _errs18 = errors
      if (!(typeof data3 == 'number' && !(data3 % 1) && !isNaN(data3) && isFinite(data3))) {
        const err12 = {
          instancePath: instancePath + '/burst',
          schemaPath: '#/properties/burst/anyOf/0/type',
          keyword: 'type',
          params: { type: 'integer' },
          message: 'must be integer',
          schema: schema33.properties.burst.anyOf[0].type,
          parentSchema: schema33.properties.burst.anyOf[0],
          data: data3,
        }
        if (vErrors === null) {
          vErrors = [err12]
        } else {
          vErrors.push(err12)
        }
        errors++
      }
      if (typeof data3 == 'number' && isFinite(data3)) {
        if (data3 > 1000000000 || isNaN(data3)) {
          const err13 = {
            instancePath: instancePath + '/burst',
            schemaPath: '#/properties/burst/anyOf/0/maximum',
            keyword: 'maximum',
            params: { comparison: '<=', limit: 1000000000 },
            message: 'must be <= 1000000000',
            schema: 1000000000,
            parentSchema: schema33.properties.burst.anyOf[0],
            data: data3,
          }
          if (vErrors === null) {
            vErrors = [err13]
          } else {
            vErrors.push(err13)
          }
          errors++
        }
        if (data3 < 1 || isNaN(data3)) {
          const err14 = {
            instancePath: instancePath + '/burst',
            schemaPath: '#/properties/burst/anyOf/0/minimum',
            keyword: 'minimum',
            params: { comparison: '>=', limit: 1 },
            message: 'must be >= 1',
            schema: 1,
            parentSchema: schema33.properties.burst.anyOf[0],
            data: data3,
          }
          if (vErrors === null) {
            vErrors = [err14]
          } else {
            vErrors.push(err14)
          }
          errors++
        }
      }
      var _valid2 = _errs18 === errors
      valid3 = valid3 || _valid2
      const _errs20 = errors
      if (data3 !== null) {
        const err15 = {
          instancePath: instancePath + '/burst',
          schemaPath: '#/properties/burst/anyOf/1/type',
          keyword: 'type',
          params: { type: 'null' },
          message: 'must be null',
          schema: schema33.properties.burst.anyOf[1].type,
          parentSchema: schema33.properties.burst.anyOf[1],
          data: data3,
        }
        if (vErrors === null) {
          vErrors = [err15]
        } else {
          vErrors.push(err15)
        }
        errors++
      }
      var _valid2 = _errs20 === errors
      valid3 = valid3 || _valid2
      if (!valid3) {
        const err16 = {
          instancePath: instancePath + '/burst',
          schemaPath: '#/properties/burst/anyOf',
          keyword: 'anyOf',
          params: {},
          message: 'must match a schema in anyOf',
          schema: schema33.properties.burst.anyOf,
          parentSchema: schema33.properties.burst,
          data: data3,
        }
        if (vErrors === null) {
          vErrors = [err16]
        } else {
          vErrors.push(err16)
        }
        errors++
      } else {
        errors = _errs17
        if (vErrors !== null) {
          if (_errs17) {
            vErrors.length = _errs17
          } else {
            vErrors = null
          }
        }
      }
    }
    if (data.note !== undefined) {
      let data4 = data.note
      if (typeof data4 === 'string') {
        if (!pattern8.test(data4)) {
          const err17 = {
            instancePath: instancePath + '/note',
            schemaPath: '#/properties/note/pattern',
            keyword: 'pattern',
            params: { pattern: '^(?:[^\\p{Cc}]|[\\t\\n]){0,2000}$' },
            message: 'must match pattern "' + '^(?:[^\\p{Cc}]|[\\t\\n]){0,2000}$' + '"',
            schema: '^(?:[^\\p{Cc}]|[\\t\\n]){0,2000}$',
            parentSchema: schema33.properties.note,
            data: data4,
          }
          if (vErrors === null) {
            vErrors = [err17]
          } else {
            vErrors.push(err17)
          }
          errors++
        }
      } else {
        const err18 = {
          instancePath: instancePath + '/note',
          schemaPath: '#/properties/note/type',
          keyword: 'type',
          params: { type: 'string' },
          message: 'must be string',
          schema: schema33.properties.note.type,
          parentSchema: schema33.properties.note,
          data: data4,
        }
        if (vErrors === null) {
          vErrors = [err18]
        } else {
          vErrors.push(err18)
        }
        errors++
      }
    }
    if (data.enabled !== undefined) {
      let data5 = data.enabled
      if (typeof data5 !== 'boolean') {
        const err19 = {
          instancePath: instancePath + '/enabled',
          schemaPath: '#/properties/enabled/type',
          keyword: 'type',
          params: { type: 'boolean' },
          message: 'must be boolean',
          schema: schema33.properties.enabled.type,
          parentSchema: schema33.properties.enabled,
          data: data5,
        }
        if (vErrors === null) {
          vErrors = [err19]
        } else {
          vErrors.push(err19)
        }
        errors++
      }
    }
    if (data.validUntil !== undefined) {
      let data6 = data.validUntil
      const _errs27 = errors
      let valid4 = false
      const _errs28 = errors
      if (typeof data6 === 'string') {
        if (!pattern9.test(data6)) {
          const err20 = {
            instancePath: instancePath + '/validUntil',
            schemaPath: '#/properties/validUntil/anyOf/0/pattern',
            keyword: 'pattern',
            params: { pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(?:\\.\\d{1,9})?(?:Z|[+-]\\d\\d:\\d\\d)$' },
            message:
              'must match pattern "' +
              '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(?:\\.\\d{1,9})?(?:Z|[+-]\\d\\d:\\d\\d)$' +
              '"',
            schema: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(?:\\.\\d{1,9})?(?:Z|[+-]\\d\\d:\\d\\d)$',
            parentSchema: schema33.properties.validUntil.anyOf[0],
            data: data6,
          }
          if (vErrors === null) {
            vErrors = [err20]
          } else {
            vErrors.push(err20)
          }
          errors++
        }
      } else {
        const err21 = {
          instancePath: instancePath + '/validUntil',
          schemaPath: '#/properties/validUntil/anyOf/0/type',
          keyword: 'type',
          params: { type: 'string' },
          message: 'must be string',
          schema: schema33.properties.validUntil.anyOf[0].type,
          parentSchema: schema33.properties.validUntil.anyOf[0],
          data: data6,
        }
        if (vErrors === null) {
          vErrors = [err21]
        } else {
          vErrors.push(err21)
        }
        errors++
      }
      var _valid3 = _errs28 === errors
      valid4 = valid4 || _valid3
      const _errs30 = errors
      if (data6 !== null) {
        const err22 = {
          instancePath: instancePath + '/validUntil',
          schemaPath: '#/properties/validUntil/anyOf/1/type',
          keyword: 'type',
          params: { type: 'null' },
          message: 'must be null',
          schema: schema33.properties.validUntil.anyOf[1].type,
          parentSchema: schema33.properties.validUntil.anyOf[1],
          data: data6,
        }
        if (vErrors === null) {
          vErrors = [err22]
        } else {
          vErrors.push(err22)
        }
        errors++
      }
      var _valid3 = _errs30 === errors
      valid4 = valid4 || _valid3
      if (!valid4) {
        const err23 = {
          instancePath: instancePath + '/validUntil',
          schemaPath: '#/properties/validUntil/anyOf',
          keyword: 'anyOf',
          params: {},
          message: 'must match a schema in anyOf',
          schema: schema33.properties.validUntil.anyOf,
          parentSchema: schema33.properties.validUntil,
          data: data6,
        }
        if (vErrors === null) {
          vErrors = [err23]
        } else {
          vErrors.push(err23)
        }
        errors++
      } else {
        errors = _errs27
        if (vErrors !== null) {
          if (_errs27) {
            vErrors.length = _errs27
          } else {
            vErrors = null
          }
        }
      }
    }
  } else {
    const err24 = {
      instancePath,
      schemaPath: '#/type',
      keyword: 'type',
      params: { type: 'object' },
      message: 'must be object',
      schema: schema33.type,
      parentSchema: schema33,
      data,
    }
    if (vErrors === null) {
      vErrors = [err24]
    } else {
      vErrors.push(err24)
    }
    errors++
  }
  validate22.errors = vErrors
  return errors === 0
}
validate22.evaluated = { props: true, dynamicProps: false, dynamicItems: false }
export const putPlan = validate23
const schema34 = {
  title: 'object',
  description: 'The limits of a plan, all of them: what is absent is none.',
  examples: [{ rate: '1000/m', burst: 100 }, {}],
  type: 'object',
  properties: {
    rate: {
      title: 'rate or null',
      description: 'Requests a second, minute, hour or day, up to 1000000000.',
      examples: ['100/s', '1000/h'],
      anyOf: [
        {
          title: 'rate',
          description: 'Requests a second, minute, hour or day, up to 1000000000.',
          examples: ['100/s', '1000/h'],
          type: 'string',
          pattern: '^(?:[1-9][0-9]{0,8}|1000000000)/[smhd]$',
        },
        { title: 'null', type: 'null' },
      ],
    },
    burst: {
      title: 'whole number from 1 to 1000000000 or null',
      description: 'How many requests at once; none: what the rate grants in a second.',
      examples: [200],
      anyOf: [
        {
          title: 'whole number from 1 to 1000000000',
          description: 'How many requests at once; none: what the rate grants in a second.',
          examples: [200],
          type: 'integer',
          minimum: 1,
          maximum: 1000000000,
        },
        { title: 'null', type: 'null' },
      ],
    },
  },
  additionalProperties: false,
}
function validate23(
  data,
  { instancePath = '', parentData, parentDataProperty, rootData = data, dynamicAnchors = {} } = {},
) {
  let vErrors = null
  let errors = 0
  const evaluated0 = validate23.evaluated
  if (evaluated0.dynamicProps) {
    evaluated0.props = undefined
  }
  if (evaluated0.dynamicItems) {
    evaluated0.items = undefined
  }
  if (data && typeof data == 'object' && !Array.isArray(data)) {
    for (const key0 in data) {
      if (!(key0 === 'rate' || key0 === 'burst')) {
        const err0 = {
          instancePath,
          schemaPath: '#/additionalProperties',
          keyword: 'additionalProperties',
          params: { additionalProperty: key0 },
          message: 'must NOT have additional properties',
          schema: false,
          parentSchema: schema34,
          data,
        }
        if (vErrors === null) {
          vErrors = [err0]
        } else {
          vErrors.push(err0)
        }
        errors++
      }
    }
    if (data.rate !== undefined) {
      let data0 = data.rate
      const _errs3 = errors
      let valid1 = false
      const _errs4 = errors
      if (typeof data0 === 'string') {
        if (!pattern7.test(data0)) {
          const err1 = {
            instancePath: instancePath + '/rate',
            schemaPath: '#/properties/rate/anyOf/0/pattern',
            keyword: 'pattern',
            params: { pattern: '^(?:[1-9][0-9]{0,8}|1000000000)/[smhd]$' },
            message: 'must match pattern "' + '^(?:[1-9][0-9]{0,8}|1000000000)/[smhd]$' + '"',
            schema: '^(?:[1-9][0-9]{0,8}|1000000000)/[smhd]$',
            parentSchema: schema34.properties.rate.anyOf[0],
            data: data0,
          }
          if (vErrors === null) {
            vErrors = [err1]
          } else {
            vErrors.push(err1)
          }
          errors++
        }
      } else {
        const err2 = {
          instancePath: instancePath + '/rate',
          schemaPath: '#/properties/rate/anyOf/0/type',
          keyword: 'type',
          params: { type: 'string' },
          message: 'must be string',
          schema: schema34.properties.rate.anyOf[0].type,
          parentSchema: schema34.properties.rate.anyOf[0],
          data: data0,
        }
        if (vErrors === null) {
          vErrors = [err2]
        } else {
          vErrors.push(err2)
        }
        errors++
      }
      var _valid0 = _errs4 === errors
      valid1 = valid1 || _valid0
      const _errs6 = errors
      if (data0 !== null) {
        const err3 = {
          instancePath: instancePath + '/rate',
          schemaPath: '#/properties/rate/anyOf/1/type',
          keyword: 'type',
          params: { type: 'null' },
          message: 'must be null',
          schema: schema34.properties.rate.anyOf[1].type,
          parentSchema: schema34.properties.rate.anyOf[1],
          data: data0,
        }
        if (vErrors === null) {
          vErrors = [err3]
        } else {
          vErrors.push(err3)
        }
        errors++
      }
      var _valid0 = _errs6 === errors
      valid1 = valid1 || _valid0
      if (!valid1) {
        const err4 = {
          instancePath: instancePath + '/rate',
          schemaPath: '#/properties/rate/anyOf',
          keyword: 'anyOf',
          params: {},
          message: 'must match a schema in anyOf',
          schema: schema34.properties.rate.anyOf,
          parentSchema: schema34.properties.rate,
          data: data0,
        }
        if (vErrors === null) {
          vErrors = [err4]
        } else {
          vErrors.push(err4)
        }
        errors++
      } else {
        errors = _errs3
        if (vErrors !== null) {
          if (_errs3) {
            vErrors.length = _errs3
          } else {
            vErrors = null
          }
        }
      }
    }
    if (data.burst !== undefined) {
      let data1 = data.burst
      const _errs9 = errors
      let valid2 = false
      const _errs10 = errors
      if (!(typeof data1 == 'number' && !(data1 % 1) && !isNaN(data1) && isFinite(data1))) {
        const err5 = {
          instancePath: instancePath + '/burst',
          schemaPath: '#/properties/burst/anyOf/0/type',
          keyword: 'type',
          params: { type: 'integer' },
          message: 'must be integer',
          schema: schema34.properties.burst.anyOf[0].type,
          parentSchema: schema34.properties.burst.anyOf[0],
          data: data1,
        }
        if (vErrors === null) {
          vErrors = [err5]
        } else {
          vErrors.push(err5)
        }
        errors++
      }
      if (typeof data1 == 'number' && isFinite(data1)) {
        if (data1 > 1000000000 || isNaN(data1)) {
          const err6 = {
            instancePath: instancePath + '/burst',
            schemaPath: '#/properties/burst/anyOf/0/maximum',
            keyword: 'maximum',
            params: { comparison: '<=', limit: 1000000000 },
            message: 'must be <= 1000000000',
            schema: 1000000000,
            parentSchema: schema34.properties.burst.anyOf[0],
            data: data1,
          }
          if (vErrors === null) {
            vErrors = [err6]
          } else {
            vErrors.push(err6)
          }
          errors++
        }
        if (data1 < 1 || isNaN(data1)) {
          const err7 = {
            instancePath: instancePath + '/burst',
            schemaPath: '#/properties/burst/anyOf/0/minimum',
            keyword: 'minimum',
            params: { comparison: '>=', limit: 1 },
            message: 'must be >= 1',
            schema: 1,
            parentSchema: schema34.properties.burst.anyOf[0],
            data: data1,
          }
          if (vErrors === null) {
            vErrors = [err7]
          } else {
            vErrors.push(err7)
          }
          errors++
        }
      }
      var _valid1 = _errs10 === errors
      valid2 = valid2 || _valid1
      const _errs12 = errors
      if (data1 !== null) {
        const err8 = {
          instancePath: instancePath + '/burst',
          schemaPath: '#/properties/burst/anyOf/1/type',
          keyword: 'type',
          params: { type: 'null' },
          message: 'must be null',
          schema: schema34.properties.burst.anyOf[1].type,
          parentSchema: schema34.properties.burst.anyOf[1],
          data: data1,
        }
        if (vErrors === null) {
          vErrors = [err8]
        } else {
          vErrors.push(err8)
        }
        errors++
      }
      var _valid1 = _errs12 === errors
      valid2 = valid2 || _valid1
      if (!valid2) {
        const err9 = {
          instancePath: instancePath + '/burst',
          schemaPath: '#/properties/burst/anyOf',
          keyword: 'anyOf',
          params: {},
          message: 'must match a schema in anyOf',
          schema: schema34.properties.burst.anyOf,
          parentSchema: schema34.properties.burst,
          data: data1,
        }
        if (vErrors === null) {
          vErrors = [err9]
        } else {
          vErrors.push(err9)
        }
        errors++
      } else {
        errors = _errs9
        if (vErrors !== null) {
          if (_errs9) {
            vErrors.length = _errs9
          } else {
            vErrors = null
          }
        }
      }
    }
  } else {
    const err10 = {
      instancePath,
      schemaPath: '#/type',
      keyword: 'type',
      params: { type: 'object' },
      message: 'must be object',
      schema: schema34.type,
      parentSchema: schema34,
      data,
    }
    if (vErrors === null) {
      vErrors = [err10]
    } else {
      vErrors.push(err10)
    }
    errors++
  }
  validate23.errors = vErrors
  return errors === 0
}
validate23.evaluated = { props: true, dynamicProps: false, dynamicItems: false }
export const importCertificate = validate24
const schema35 = {
  title: 'object',
  description: 'A certificate and its key.',
  examples: [
    { certificate: '-----BEGIN CERTIFICATE-----…', key: '-----BEGIN PRIVATE KEY-----…' },
    { certificate: '-----BEGIN CERTIFICATE-----…', key: '-----BEGIN EC PRIVATE KEY-----…' },
  ],
  type: 'object',
  properties: {
    certificate: {
      title: 'text in PEM',
      description: 'The certificate, then those that signed it, each behind the one it signed.',
      examples: ['-----BEGIN CERTIFICATE-----…'],
      type: 'string',
    },
    key: {
      title: 'text in PEM',
      description: 'Its private key, not encrypted; told nowhere again.',
      examples: ['-----BEGIN PRIVATE KEY-----…'],
      type: 'string',
      writeOnly: true,
    },
  },
  required: ['certificate', 'key'],
  additionalProperties: false,
}
function validate24(
  data,
  { instancePath = '', parentData, parentDataProperty, rootData = data, dynamicAnchors = {} } = {},
) {
  let vErrors = null
  let errors = 0
  const evaluated0 = validate24.evaluated
  if (evaluated0.dynamicProps) {
    evaluated0.props = undefined
  }
  if (evaluated0.dynamicItems) {
    evaluated0.items = undefined
  }
  if (data && typeof data == 'object' && !Array.isArray(data)) {
    if (data.certificate === undefined) {
      const err0 = {
        instancePath,
        schemaPath: '#/required',
        keyword: 'required',
        params: { missingProperty: 'certificate' },
        message: "must have required property '" + 'certificate' + "'",
        schema: schema35.required,
        parentSchema: schema35,
        data,
      }
      if (vErrors === null) {
        vErrors = [err0]
      } else {
        vErrors.push(err0)
      }
      errors++
    }
    if (data.key === undefined) {
      const err1 = {
        instancePath,
        schemaPath: '#/required',
        keyword: 'required',
        params: { missingProperty: 'key' },
        message: "must have required property '" + 'key' + "'",
        schema: schema35.required,
        parentSchema: schema35,
        data,
      }
      if (vErrors === null) {
        vErrors = [err1]
      } else {
        vErrors.push(err1)
      }
      errors++
    }
    for (const key0 in data) {
      if (!(key0 === 'certificate' || key0 === 'key')) {
        const err2 = {
          instancePath,
          schemaPath: '#/additionalProperties',
          keyword: 'additionalProperties',
          params: { additionalProperty: key0 },
          message: 'must NOT have additional properties',
          schema: false,
          parentSchema: schema35,
          data,
        }
        if (vErrors === null) {
          vErrors = [err2]
        } else {
          vErrors.push(err2)
        }
        errors++
      }
    }
    if (data.certificate !== undefined) {
      let data0 = data.certificate
      if (typeof data0 !== 'string') {
        const err3 = {
          instancePath: instancePath + '/certificate',
          schemaPath: '#/properties/certificate/type',
          keyword: 'type',
          params: { type: 'string' },
          message: 'must be string',
          schema: schema35.properties.certificate.type,
          parentSchema: schema35.properties.certificate,
          data: data0,
        }
        if (vErrors === null) {
          vErrors = [err3]
        } else {
          vErrors.push(err3)
        }
        errors++
      }
    }
    if (data.key !== undefined) {
      let data1 = data.key
      if (typeof data1 !== 'string') {
        const err4 = {
          instancePath: instancePath + '/key',
          schemaPath: '#/properties/key/type',
          keyword: 'type',
          params: { type: 'string' },
          message: 'must be string',
          schema: schema35.properties.key.type,
          parentSchema: schema35.properties.key,
          data: data1,
        }
        if (vErrors === null) {
          vErrors = [err4]
        } else {
          vErrors.push(err4)
        }
        errors++
      }
    }
  } else {
    const err5 = {
      instancePath,
      schemaPath: '#/type',
      keyword: 'type',
      params: { type: 'object' },
      message: 'must be object',
      schema: schema35.type,
      parentSchema: schema35,
      data,
    }
    if (vErrors === null) {
      vErrors = [err5]
    } else {
      vErrors.push(err5)
    }
    errors++
  }
  validate24.errors = vErrors
  return errors === 0
}
validate24.evaluated = { props: true, dynamicProps: false, dynamicItems: false }
export const beginDeploy = validate25
const schema36 = {
  title: 'object',
  description: 'The members that are to serve, or that those are to come back which the last deploy replaced.',
  examples: [
    { members: ['http://10.0.0.7:8080'], timeout: '2m' },
    { members: ['http://10.0.0.7:8080'], canary: { share: 0.05, for: '5m', promoteIf: 'errors<1%,p99<1.2x' } },
    { rollback: true },
  ],
  type: 'object',
  properties: {
    members: {
      title: 'list of members',
      description: 'All that are to serve once it is done; those that are in the pool already stay.',
      type: 'array',
      items: {
        title: 'backend',
        description: 'A URL, or an object with one.',
        anyOf: [
          {
            title: 'backend URL',
            description: 'Where the backend listens.',
            type: 'string',
            pattern: '^(https?://|tcp://|unix:/)',
            examples: ['http://10.0.0.1:8080', 'https://app.internal', 'tcp://10.0.0.1:5432', 'unix:/run/app.sock'],
          },
          {
            title: 'object',
            description: 'A backend with more to say about it.',
            type: 'object',
            properties: {
              url: {
                title: 'backend URL',
                description:
                  'Where the backend listens: `http://host:port` (80 when absent), `https://host:port` (443 when absent; see `tls` of the pool), `tcp://host:port` (for TCP mode; the same backend as with `http`) or `unix:/path`.',
                type: 'string',
                pattern: '^(https?://|tcp://|unix:/)',
                examples: ['http://10.0.0.1:8080', 'https://app.internal', 'tcp://10.0.0.1:5432', 'unix:/run/app.sock'],
              },
              weight: {
                title: 'number, 0.001 to 1000',
                description: 'Its share relative to the others.',
                examples: [2],
                type: 'number',
                minimum: 0.001,
                maximum: 1000,
                default: 1,
              },
              tier: {
                title: 'whole number, 0 to 15',
                description:
                  'Tier 0 comes first; the members of the next take over in so far as usable ones are missing before them.',
                examples: [1],
                type: 'integer',
                minimum: 0,
                maximum: 15,
                default: 0,
              },
              maxInflight: {
                title: 'whole number, 1 to 1000000',
                description:
                  'Requests at once, upgraded connections included; no bound by default. At it the backend is given no more, and others are.',
                examples: [100],
                type: 'integer',
                minimum: 1,
                maximum: 1000000,
              },
              zone: {
                title: 'name',
                description: 'The zone or region, compared with the client’s.',
                type: 'string',
                pattern: '^[\\x20-\\x7e]{1,64}$',
                examples: ['eu-1'],
              },
              place: {
                title: 'object',
                description: 'A point on the earth, for strategies that measure distance.',
                type: 'object',
                properties: {
                  latitude: {
                    title: 'number, -90 to 90',
                    description: 'Degrees, north positive.',
                    examples: [52.5],
                    type: 'number',
                    minimum: -90,
                    maximum: 90,
                  },
                  longitude: {
                    title: 'number, -180 to 180',
                    description: 'Degrees, east positive.',
                    examples: [13.4],
                    type: 'number',
                    minimum: -180,
                    maximum: 180,
                  },
                },
                required: ['latitude', 'longitude'],
                additionalProperties: false,
              },
              drain: {
                title: 'true or false',
                description: 'Takes no new requests; what it has begun goes on. Set and unset by `smartedge backend`.',
                examples: [true],
                type: 'boolean',
              },
            },
            required: ['url'],
            additionalProperties: false,
          },
        ],
      },
      minItems: 1,
    },
    rollback: { title: 'true', description: 'In place of members: those that the last deploy replaced.', enum: [true] },
    timeout: {
      title: 'duration',
      description: 'How long to wait until all are healthy, 1s to 24h; the default is 1m.',
      type: 'string',
      pattern: '^[0-9]+(\\.[0-9]+)?(ms|s|m|h)$',
      examples: ['2m'],
    },
    canary: {
      title: 'object',
      description: 'The new members get a share first, and are compared with the old ones.',
      type: 'object',
      properties: {
        share: {
          title: 'number from 0.001 to 0.9',
          description: 'Of the requests, by weight.',
          type: 'number',
          minimum: 0.001,
          maximum: 0.9,
          examples: [0.05],
        },
        for: {
          title: 'duration',
          description: 'How long, 1s to 24h.',
          type: 'string',
          pattern: '^[0-9]+(\\.[0-9]+)?(ms|s|m|h)$',
          examples: ['5m'],
        },
        promoteIf: {
          title: 'list of criteria',
          description: 'What is to hold, each compared over the whole time; the default is errors<1%,p99<1.2x.',
          type: 'string',
          examples: ['errors<1%,p99<1.2x'],
        },
        minRequests: {
          title: 'whole number from 1 to 1000000',
          description: 'Fewer are too few to judge by, and the old members stay; the default is 100.',
          type: 'integer',
          minimum: 1,
          maximum: 1000000,
          examples: [100],
        },
      },
      required: ['share', 'for'],
      additionalProperties: false,
    },
  },
  additionalProperties: false,
  minProperties: 1,
}
const pattern24 = new RegExp('^(https?://|tcp://|unix:/)', 'u')
const pattern26 = new RegExp('^[\\x20-\\x7e]{1,64}$', 'u')
const pattern27 = new RegExp('^[0-9]+(\\.[0-9]+)?(ms|s|m|h)$', 'u')
function validate25(
  data,
  { instancePath = '', parentData, parentDataProperty, rootData = data, dynamicAnchors = {} } = {},
) {
  let vErrors = null
  let errors = 0
  const evaluated0 = validate25.evaluated
  if (evaluated0.dynamicProps) {
    evaluated0.props = undefined
  }
  if (evaluated0.dynamicItems) {
    evaluated0.items = undefined
  }
  if (data && typeof data == 'object' && !Array.isArray(data)) {
    if (Object.keys(data).length < 1) {
      const err0 = {
        instancePath,
        schemaPath: '#/minProperties',
        keyword: 'minProperties',
        params: { limit: 1 },
        message: 'must NOT have fewer than 1 properties',
        schema: 1,
        parentSchema: schema36,
        data,
      }
      if (vErrors === null) {
        vErrors = [err0]
      } else {
        vErrors.push(err0)
      }
      errors++
    }
    for (const key0 in data) {
      if (!(key0 === 'members' || key0 === 'rollback' || key0 === 'timeout' || key0 === 'canary')) {
        const err1 = {
          instancePath,
          schemaPath: '#/additionalProperties',
          keyword: 'additionalProperties',
          params: { additionalProperty: key0 },
          message: 'must NOT have additional properties',
          schema: false,
          parentSchema: schema36,
          data,
        }
        if (vErrors === null) {
          vErrors = [err1]
        } else {
          vErrors.push(err1)
        }
        errors++
      }
    }
    if (data.members !== undefined) {
      let data0 = data.members
      if (Array.isArray(data0)) {
        if (data0.length < 1) {
          const err2 = {
            instancePath: instancePath + '/members',
            schemaPath: '#/properties/members/minItems',
            keyword: 'minItems',
            params: { limit: 1 },
            message: 'must NOT have fewer than 1 items',
            schema: 1,
            parentSchema: schema36.properties.members,
            data: data0,
          }
          if (vErrors === null) {
            vErrors = [err2]
          } else {
            vErrors.push(err2)
          }
          errors++
        }
        const len0 = data0.length
        for (let i0 = 0; i0 < len0; i0++) {
          let data1 = data0[i0]
          const _errs5 = errors
          let valid3 = false
          const _errs6 = errors
          if (typeof data1 === 'string') {
            if (!pattern24.test(data1)) {
              const err3 = {
                instancePath: instancePath + '/members/' + i0,
                schemaPath: '#/properties/members/items/anyOf/0/pattern',
                keyword: 'pattern',
                params: { pattern: '^(https?://|tcp://|unix:/)' },
                message: 'must match pattern "' + '^(https?://|tcp://|unix:/)' + '"',
                schema: '^(https?://|tcp://|unix:/)',
                parentSchema: schema36.properties.members.items.anyOf[0],
                data: data1,
              }
              if (vErrors === null) {
                vErrors = [err3]
              } else {
                vErrors.push(err3)
              }
              errors++
            }
          } else {
            const err4 = {
              instancePath: instancePath + '/members/' + i0,
              schemaPath: '#/properties/members/items/anyOf/0/type',
              keyword: 'type',
              params: { type: 'string' },
              message: 'must be string',
              schema: schema36.properties.members.items.anyOf[0].type,
              parentSchema: schema36.properties.members.items.anyOf[0],
              data: data1,
            }
            if (vErrors === null) {
              vErrors = [err4]
            } else {
              vErrors.push(err4)
            }
            errors++
          }
          var _valid0 = _errs6 === errors
          valid3 = valid3 || _valid0
          const _errs8 = errors
          if (data1 && typeof data1 == 'object' && !Array.isArray(data1)) {
            if (data1.url === undefined) {
              const err5 = {
                instancePath: instancePath + '/members/' + i0,
                schemaPath: '#/properties/members/items/anyOf/1/required',
                keyword: 'required',
                params: { missingProperty: 'url' },
                message: "must have required property '" + 'url' + "'",
                schema: schema36.properties.members.items.anyOf[1].required,
                parentSchema: schema36.properties.members.items.anyOf[1],
                data: data1,
              }
              if (vErrors === null) {
                vErrors = [err5]
              } else {
                vErrors.push(err5)
              }
              errors++
            }
            for (const key1 in data1) {
              if (!(
                key1 === 'url' ||
                key1 === 'weight' ||
                key1 === 'tier' ||
                key1 === 'maxInflight' ||
                key1 === 'zone' ||
                key1 === 'place' ||
                key1 === 'drain'
              )) {
                const err6 = {
                  instancePath: instancePath + '/members/' + i0,
                  schemaPath: '#/properties/members/items/anyOf/1/additionalProperties',
                  keyword: 'additionalProperties',
                  params: { additionalProperty: key1 },
                  message: 'must NOT have additional properties',
                  schema: false,
                  parentSchema: schema36.properties.members.items.anyOf[1],
                  data: data1,
                }
                if (vErrors === null) {
                  vErrors = [err6]
                } else {
                  vErrors.push(err6)
                }
                errors++
              }
            }
            if (data1.url !== undefined) {
              let data2 = data1.url
              if (typeof data2 === 'string') {
                if (!pattern24.test(data2)) {
                  const err7 = {
                    instancePath: instancePath + '/members/' + i0 + '/url',
                    schemaPath: '#/properties/members/items/anyOf/1/properties/url/pattern',
                    keyword: 'pattern',
                    params: { pattern: '^(https?://|tcp://|unix:/)' },
                    message: 'must match pattern "' + '^(https?://|tcp://|unix:/)' + '"',
                    schema: '^(https?://|tcp://|unix:/)',
                    parentSchema: schema36.properties.members.items.anyOf[1].properties.url,
                    data: data2,
                  }
                  if (vErrors === null) {
                    vErrors = [err7]
                  } else {
                    vErrors.push(err7)
                  }
                  errors++
                }
              } else {
                const err8 = {
                  instancePath: instancePath + '/members/' + i0 + '/url',
                  schemaPath: '#/properties/members/items/anyOf/1/properties/url/type',
                  keyword: 'type',
                  params: { type: 'string' },
                  message: 'must be string',
                  schema: schema36.properties.members.items.anyOf[1].properties.url.type,
                  parentSchema: schema36.properties.members.items.anyOf[1].properties.url,
                  data: data2,
                }
                if (vErrors === null) {
                  vErrors = [err8]
                } else {
                  vErrors.push(err8)
                }
                errors++
              }
            }
            if (data1.weight !== undefined) {
              let data3 = data1.weight
              if (typeof data3 == 'number' && isFinite(data3)) {
                if (data3 > 1000 || isNaN(data3)) {
                  const err9 = {
                    instancePath: instancePath + '/members/' + i0 + '/weight',
                    schemaPath: '#/properties/members/items/anyOf/1/properties/weight/maximum',
                    keyword: 'maximum',
                    params: { comparison: '<=', limit: 1000 },
                    message: 'must be <= 1000',
                    schema: 1000,
                    parentSchema: schema36.properties.members.items.anyOf[1].properties.weight,
                    data: data3,
                  }
                  if (vErrors === null) {
                    vErrors = [err9]
                  } else {
                    vErrors.push(err9)
                  }
                  errors++
                }
                if (data3 < 0.001 || isNaN(data3)) {
                  const err10 = {
                    instancePath: instancePath + '/members/' + i0 + '/weight',
                    schemaPath: '#/properties/members/items/anyOf/1/properties/weight/minimum',
                    keyword: 'minimum',
                    params: { comparison: '>=', limit: 0.001 },
                    message: 'must be >= 0.001',
                    schema: 0.001,
                    parentSchema: schema36.properties.members.items.anyOf[1].properties.weight,
                    data: data3,
                  }
                  if (vErrors === null) {
                    vErrors = [err10]
                  } else {
                    vErrors.push(err10)
                  }
                  errors++
                }
              } else {
                const err11 = {
                  instancePath: instancePath + '/members/' + i0 + '/weight',
                  schemaPath: '#/properties/members/items/anyOf/1/properties/weight/type',
                  keyword: 'type',
                  params: { type: 'number' },
                  message: 'must be number',
                  schema: schema36.properties.members.items.anyOf[1].properties.weight.type,
                  parentSchema: schema36.properties.members.items.anyOf[1].properties.weight,
                  data: data3,
                }
                if (vErrors === null) {
                  vErrors = [err11]
                } else {
                  vErrors.push(err11)
                }
                errors++
              }
            }
            if (data1.tier !== undefined) {
              let data4 = data1.tier
              if (!(typeof data4 == 'number' && !(data4 % 1) && !isNaN(data4) && isFinite(data4))) {
                const err12 = {
                  instancePath: instancePath + '/members/' + i0 + '/tier',
                  schemaPath: '#/properties/members/items/anyOf/1/properties/tier/type',
                  keyword: 'type',
                  params: { type: 'integer' },
                  message: 'must be integer',
                  schema: schema36.properties.members.items.anyOf[1].properties.tier.type,
                  parentSchema: schema36.properties.members.items.anyOf[1].properties.tier,
                  data: data4,
                }
                if (vErrors === null) {
                  vErrors = [err12]
                } else {
                  vErrors.push(err12)
                }
                errors++
              }
              if (typeof data4 == 'number' && isFinite(data4)) {
                if (data4 > 15 || isNaN(data4)) {
                  const err13 = {
                    instancePath: instancePath + '/members/' + i0 + '/tier',
                    schemaPath: '#/properties/members/items/anyOf/1/properties/tier/maximum',
                    keyword: 'maximum',
                    params: { comparison: '<=', limit: 15 },
                    message: 'must be <= 15',
                    schema: 15,
                    parentSchema: schema36.properties.members.items.anyOf[1].properties.tier,
                    data: data4,
                  }
                  if (vErrors === null) {
                    vErrors = [err13]
                  } else {
                    vErrors.push(err13)
                  }
                  errors++
                }
                if (data4 < 0 || isNaN(data4)) {
                  const err14 = {
                    instancePath: instancePath + '/members/' + i0 + '/tier',
                    schemaPath: '#/properties/members/items/anyOf/1/properties/tier/minimum',
                    keyword: 'minimum',
                    params: { comparison: '>=', limit: 0 },
                    message: 'must be >= 0',
                    schema: 0,
                    parentSchema: schema36.properties.members.items.anyOf[1].properties.tier,
                    data: data4,
                  }
                  if (vErrors === null) {
                    vErrors = [err14]
                  } else {
                    vErrors.push(err14)
                  }
                  errors++
                }
              }
            }
            if (data1.maxInflight !== undefined) {
              let data5 = data1.maxInflight
              if (!(typeof data5 == 'number' && !(data5 % 1) && !isNaN(data5) && isFinite(data5))) {
                const err15 = {
                  instancePath: instancePath + '/members/' + i0 + '/maxInflight',
                  schemaPath: '#/properties/members/items/anyOf/1/properties/maxInflight/type',
                  keyword: 'type',
                  params: { type: 'integer' },
                  message: 'must be integer',
                  schema: schema36.properties.members.items.anyOf[1].properties.maxInflight.type,
                  parentSchema: schema36.properties.members.items.anyOf[1].properties.maxInflight,
                  data: data5,
                }
                if (vErrors === null) {
                  vErrors = [err15]
                } else {
                  vErrors.push(err15)
                }
                errors++
              }
              if (typeof data5 == 'number' && isFinite(data5)) {
                if (data5 > 1000000 || isNaN(data5)) {
                  const err16 = {
                    instancePath: instancePath + '/members/' + i0 + '/maxInflight',
                    schemaPath: '#/properties/members/items/anyOf/1/properties/maxInflight/maximum',
                    keyword: 'maximum',
                    params: { comparison: '<=', limit: 1000000 },
                    message: 'must be <= 1000000',
                    schema: 1000000,
                    parentSchema: schema36.properties.members.items.anyOf[1].properties.maxInflight,
                    data: data5,
                  }
                  if (vErrors === null) {
                    vErrors = [err16]
                  } else {
                    vErrors.push(err16)
                  }
                  errors++
                }
                if (data5 < 1 || isNaN(data5)) {
                  const err17 = {
                    instancePath: instancePath + '/members/' + i0 + '/maxInflight',
                    schemaPath: '#/properties/members/items/anyOf/1/properties/maxInflight/minimum',
                    keyword: 'minimum',
                    params: { comparison: '>=', limit: 1 },
                    message: 'must be >= 1',
                    schema: 1,
                    parentSchema: schema36.properties.members.items.anyOf[1].properties.maxInflight,
                    data: data5,
                  }
                  if (vErrors === null) {
                    vErrors = [err17]
                  } else {
                    vErrors.push(err17)
                  }
                  errors++
                }
              }
            }
            if (data1.zone !== undefined) {
              let data6 = data1.zone
              if (typeof data6 === 'string') {
                if (!pattern26.test(data6)) {
                  const err18 = {
                    instancePath: instancePath + '/members/' + i0 + '/zone',
                    schemaPath: '#/properties/members/items/anyOf/1/properties/zone/pattern',
                    keyword: 'pattern',
                    params: { pattern: '^[\\x20-\\x7e]{1,64}$' },
                    message: 'must match pattern "' + '^[\\x20-\\x7e]{1,64}$' + '"',
                    schema: '^[\\x20-\\x7e]{1,64}$',
                    parentSchema: schema36.properties.members.items.anyOf[1].properties.zone,
                    data: data6,
                  }
                  if (vErrors === null) {
                    vErrors = [err18]
                  } else {
                    vErrors.push(err18)
                  }
                  errors++
                }
              } else {
                const err19 = {
                  instancePath: instancePath + '/members/' + i0 + '/zone',
                  schemaPath: '#/properties/members/items/anyOf/1/properties/zone/type',
                  keyword: 'type',
                  params: { type: 'string' },
                  message: 'must be string',
                  schema: schema36.properties.members.items.anyOf[1].properties.zone.type,
                  parentSchema: schema36.properties.members.items.anyOf[1].properties.zone,
                  data: data6,
                }
                if (vErrors === null) {
                  vErrors = [err19]
                } else {
                  vErrors.push(err19)
                }
                errors++
              }
            }
            if (data1.place !== undefined) {
              let data7 = data1.place
              if (data7 && typeof data7 == 'object' && !Array.isArray(data7)) {
                if (data7.latitude === undefined) {
                  const err20 = {
                    instancePath: instancePath + '/members/' + i0 + '/place',
                    schemaPath: '#/properties/members/items/anyOf/1/properties/place/required',
                    keyword: 'required',
                    params: { missingProperty: 'latitude' },
                    message: "must have required property '" + 'latitude' + "'",
                    schema: schema36.properties.members.items.anyOf[1].properties.place.required,
                    parentSchema: schema36.properties.members.items.anyOf[1].properties.place,
                    data: data7,
                  }
                  if (vErrors === null) {
                    vErrors = [err20]
                  } else {
                    vErrors.push(err20)
                  }
                  errors++
                }
                if (data7.longitude === undefined) {
                  const err21 = {
                    instancePath: instancePath + '/members/' + i0 + '/place',
                    schemaPath: '#/properties/members/items/anyOf/1/properties/place/required',
                    keyword: 'required',
                    params: { missingProperty: 'longitude' },
                    message: "must have required property '" + 'longitude' + "'",
                    schema: schema36.properties.members.items.anyOf[1].properties.place.required,
                    parentSchema: schema36.properties.members.items.anyOf[1].properties.place,
                    data: data7,
                  }
                  if (vErrors === null) {
                    vErrors = [err21]
                  } else {
                    vErrors.push(err21)
                  }
                  errors++
                }
                for (const key2 in data7) {
                  if (!(key2 === 'latitude' || key2 === 'longitude')) {
                    const err22 = {
                      instancePath: instancePath + '/members/' + i0 + '/place',
                      schemaPath: '#/properties/members/items/anyOf/1/properties/place/additionalProperties',
                      keyword: 'additionalProperties',
                      params: { additionalProperty: key2 },
                      message: 'must NOT have additional properties',
                      schema: false,
                      parentSchema: schema36.properties.members.items.anyOf[1].properties.place,
                      data: data7,
                    }
                    if (vErrors === null) {
                      vErrors = [err22]
                    } else {
                      vErrors.push(err22)
                    }
                    errors++
                  }
                }
                if (data7.latitude !== undefined) {
                  let data8 = data7.latitude
                  if (typeof data8 == 'number' && isFinite(data8)) {
                    if (data8 > 90 || isNaN(data8)) {
                      const err23 = {
                        instancePath: instancePath + '/members/' + i0 + '/place/latitude',
                        schemaPath: '#/properties/members/items/anyOf/1/properties/place/properties/latitude/maximum',
                        keyword: 'maximum',
                        params: { comparison: '<=', limit: 90 },
                        message: 'must be <= 90',
                        schema: 90,
                        parentSchema: schema36.properties.members.items.anyOf[1].properties.place.properties.latitude,
                        data: data8,
                      }
                      if (vErrors === null) {
                        vErrors = [err23]
                      } else {
                        vErrors.push(err23)
                      }
                      errors++
                    }
                    if (data8 < -90 || isNaN(data8)) {
                      const err24 = {
                        instancePath: instancePath + '/members/' + i0 + '/place/latitude',
                        schemaPath: '#/properties/members/items/anyOf/1/properties/place/properties/latitude/minimum',
                        keyword: 'minimum',
                        params: { comparison: '>=', limit: -90 },
                        message: 'must be >= -90',
                        schema: -90,
                        parentSchema: schema36.properties.members.items.anyOf[1].properties.place.properties.latitude,
                        data: data8,
                      }
                      if (vErrors === null) {
                        vErrors = [err24]
                      } else {
                        vErrors.push(err24)
                      }
                      errors++
                    }
                  } else {
                    const err25 = {
                      instancePath: instancePath + '/members/' + i0 + '/place/latitude',
                      schemaPath: '#/properties/members/items/anyOf/1/properties/place/properties/latitude/type',
                      keyword: 'type',
                      params: { type: 'number' },
                      message: 'must be number',
                      schema: schema36.properties.members.items.anyOf[1].properties.place.properties.latitude.type,
                      parentSchema: schema36.properties.members.items.anyOf[1].properties.place.properties.latitude,
                      data: data8,
                    }
                    if (vErrors === null) {
                      vErrors = [err25]
                    } else {
                      vErrors.push(err25)
                    }
                    errors++
                  }
                }
                if (data7.longitude !== undefined) {
                  let data9 = data7.longitude
                  if (typeof data9 == 'number' && isFinite(data9)) {
                    if (data9 > 180 || isNaN(data9)) {
                      const err26 = {
                        instancePath: instancePath + '/members/' + i0 + '/place/longitude',
                        schemaPath: '#/properties/members/items/anyOf/1/properties/place/properties/longitude/maximum',
                        keyword: 'maximum',
                        params: { comparison: '<=', limit: 180 },
                        message: 'must be <= 180',
                        schema: 180,
                        parentSchema: schema36.properties.members.items.anyOf[1].properties.place.properties.longitude,
                        data: data9,
                      }
                      if (vErrors === null) {
                        vErrors = [err26]
                      } else {
                        vErrors.push(err26)
                      }
                      errors++
                    }
                    if (data9 < -180 || isNaN(data9)) {
                      const err27 = {
                        instancePath: instancePath + '/members/' + i0 + '/place/longitude',
                        schemaPath: '#/properties/members/items/anyOf/1/properties/place/properties/longitude/minimum',
                        keyword: 'minimum',
                        params: { comparison: '>=', limit: -180 },
                        message: 'must be >= -180',
                        schema: -180,
                        parentSchema: schema36.properties.members.items.anyOf[1].properties.place.properties.longitude,
                        data: data9,
                      }
                      if (vErrors === null) {
                        vErrors = [err27]
                      } else {
                        vErrors.push(err27)
                      }
                      errors++
                    }
                  } else {
                    const err28 = {
                      instancePath: instancePath + '/members/' + i0 + '/place/longitude',
                      schemaPath: '#/properties/members/items/anyOf/1/properties/place/properties/longitude/type',
                      keyword: 'type',
                      params: { type: 'number' },
                      message: 'must be number',
                      schema: schema36.properties.members.items.anyOf[1].properties.place.properties.longitude.type,
                      parentSchema: schema36.properties.members.items.anyOf[1].properties.place.properties.longitude,
                      data: data9,
                    }
                    if (vErrors === null) {
                      vErrors = [err28]
                    } else {
                      vErrors.push(err28)
                    }
                    errors++
                  }
                }
              } else {
                const err29 = {
                  instancePath: instancePath + '/members/' + i0 + '/place',
                  schemaPath: '#/properties/members/items/anyOf/1/properties/place/type',
                  keyword: 'type',
                  params: { type: 'object' },
                  message: 'must be object',
                  schema: schema36.properties.members.items.anyOf[1].properties.place.type,
                  parentSchema: schema36.properties.members.items.anyOf[1].properties.place,
                  data: data7,
                }
                if (vErrors === null) {
                  vErrors = [err29]
                } else {
                  vErrors.push(err29)
                }
                errors++
              }
            }
            if (data1.drain !== undefined) {
              let data10 = data1.drain
              if (typeof data10 !== 'boolean') {
                const err30 = {
                  instancePath: instancePath + '/members/' + i0 + '/drain',
                  schemaPath: '#/properties/members/items/anyOf/1/properties/drain/type',
                  keyword: 'type',
                  params: { type: 'boolean' },
                  message: 'must be boolean',
                  schema: schema36.properties.members.items.anyOf[1].properties.drain.type,
                  parentSchema: schema36.properties.members.items.anyOf[1].properties.drain,
                  data: data10,
                }
                if (vErrors === null) {
                  vErrors = [err30]
                } else {
                  vErrors.push(err30)
                }
                errors++
              }
            }
          } else {
            const err31 = {
              instancePath: instancePath + '/members/' + i0,
              schemaPath: '#/properties/members/items/anyOf/1/type',
              keyword: 'type',
              params: { type: 'object' },
              message: 'must be object',
              schema: schema36.properties.members.items.anyOf[1].type,
              parentSchema: schema36.properties.members.items.anyOf[1],
              data: data1,
            }
            if (vErrors === null) {
              vErrors = [err31]
            } else {
              vErrors.push(err31)
            }
            errors++
          }
          var _valid0 = _errs8 === errors
          valid3 = valid3 || _valid0
          if (!valid3) {
            const err32 = {
              instancePath: instancePath + '/members/' + i0,
              schemaPath: '#/properties/members/items/anyOf',
              keyword: 'anyOf',
              params: {},
              message: 'must match a schema in anyOf',
              schema: schema36.properties.members.items.anyOf,
              parentSchema: schema36.properties.members.items,
              data: data1,
            }
            if (vErrors === null) {
              vErrors = [err32]
            } else {
              vErrors.push(err32)
            }
            errors++
          } else {
            errors = _errs5
            if (vErrors !== null) {
              if (_errs5) {
                vErrors.length = _errs5
              } else {
                vErrors = null
              }
            }
          }
        }
      } else {
        const err33 = {
          instancePath: instancePath + '/members',
          schemaPath: '#/properties/members/type',
          keyword: 'type',
          params: { type: 'array' },
          message: 'must be array',
          schema: schema36.properties.members.type,
          parentSchema: schema36.properties.members,
          data: data0,
        }
        if (vErrors === null) {
          vErrors = [err33]
        } else {
          vErrors.push(err33)
        }
        errors++
      }
    }
    if (data.rollback !== undefined) {
      let data11 = data.rollback
      if (!(data11 === true)) {
        const err34 = {
          instancePath: instancePath + '/rollback',
          schemaPath: '#/properties/rollback/enum',
          keyword: 'enum',
          params: { allowedValues: schema36.properties.rollback.enum },
          message: 'must be equal to one of the allowed values',
          schema: schema36.properties.rollback.enum,
          parentSchema: schema36.properties.rollback,
          data: data11,
        }
        if (vErrors === null) {
          vErrors = [err34]
        } else {
          vErrors.push(err34)
        }
        errors++
      }
    }
    if (data.timeout !== undefined) {
      let data12 = data.timeout
      if (typeof data12 === 'string') {
        if (!pattern27.test(data12)) {
          const err35 = {
            instancePath: instancePath + '/timeout',
            schemaPath: '#/properties/timeout/pattern',
            keyword: 'pattern',
            params: { pattern: '^[0-9]+(\\.[0-9]+)?(ms|s|m|h)$' },
            message: 'must match pattern "' + '^[0-9]+(\\.[0-9]+)?(ms|s|m|h)$' + '"',
            schema: '^[0-9]+(\\.[0-9]+)?(ms|s|m|h)$',
            parentSchema: schema36.properties.timeout,
            data: data12,
          }
          if (vErrors === null) {
            vErrors = [err35]
          } else {
            vErrors.push(err35)
          }
          errors++
        }
      } else {
        const err36 = {
          instancePath: instancePath + '/timeout',
          schemaPath: '#/properties/timeout/type',
          keyword: 'type',
          params: { type: 'string' },
          message: 'must be string',
          schema: schema36.properties.timeout.type,
          parentSchema: schema36.properties.timeout,
          data: data12,
        }
        if (vErrors === null) {
          vErrors = [err36]
        } else {
          vErrors.push(err36)
        }
        errors++
      }
    }
    if (data.canary !== undefined) {
      let data13 = data.canary
      if (data13 && typeof data13 == 'object' && !Array.isArray(data13)) {
        if (data13.share === undefined) {
          const err37 = {
            instancePath: instancePath + '/canary',
            schemaPath: '#/properties/canary/required',
            keyword: 'required',
            params: { missingProperty: 'share' },
            message: "must have required property '" + 'share' + "'",
            schema: schema36.properties.canary.required,
            parentSchema: schema36.properties.canary,
            data: data13,
          }
          if (vErrors === null) {
            vErrors = [err37]
          } else {
            vErrors.push(err37)
          }
          errors++
        }
        if (data13.for === undefined) {
          const err38 = {
            instancePath: instancePath + '/canary',
            schemaPath: '#/properties/canary/required',
            keyword: 'required',
            params: { missingProperty: 'for' },
            message: "must have required property '" + 'for' + "'",
            schema: schema36.properties.canary.required,
            parentSchema: schema36.properties.canary,
            data: data13,
          }
          if (vErrors === null) {
            vErrors = [err38]
          } else {
            vErrors.push(err38)
          }
          errors++
        }
        for (const key3 in data13) {
          if (!(key3 === 'share' || key3 === 'for' || key3 === 'promoteIf' || key3 === 'minRequests')) {
            const err39 = {
              instancePath: instancePath + '/canary',
              schemaPath: '#/properties/canary/additionalProperties',
              keyword: 'additionalProperties',
              params: { additionalProperty: key3 },
              message: 'must NOT have additional properties',
              schema: false,
              parentSchema: schema36.properties.canary,
              data: data13,
            }
            if (vErrors === null) {
              vErrors = [err39]
            } else {
              vErrors.push(err39)
            }
            errors++
          }
        }
        if (data13.share !== undefined) {
          let data14 = data13.share
          if (typeof data14 == 'number' && isFinite(data14)) {
            if (data14 > 0.9 || isNaN(data14)) {
              const err40 = {
                instancePath: instancePath + '/canary/share',
                schemaPath: '#/properties/canary/properties/share/maximum',
                keyword: 'maximum',
                params: { comparison: '<=', limit: 0.9 },
                message: 'must be <= 0.9',
                schema: 0.9,
                parentSchema: schema36.properties.canary.properties.share,
                data: data14,
              }
              if (vErrors === null) {
                vErrors = [err40]
              } else {
                vErrors.push(err40)
              }
              errors++
            }
            if (data14 < 0.001 || isNaN(data14)) {
              const err41 = {
                instancePath: instancePath + '/canary/share',
                schemaPath: '#/properties/canary/properties/share/minimum',
                keyword: 'minimum',
                params: { comparison: '>=', limit: 0.001 },
                message: 'must be >= 0.001',
                schema: 0.001,
                parentSchema: schema36.properties.canary.properties.share,
                data: data14,
              }
              if (vErrors === null) {
                vErrors = [err41]
              } else {
                vErrors.push(err41)
              }
              errors++
            }
          } else {
            const err42 = {
              instancePath: instancePath + '/canary/share',
              schemaPath: '#/properties/canary/properties/share/type',
              keyword: 'type',
              params: { type: 'number' },
              message: 'must be number',
              schema: schema36.properties.canary.properties.share.type,
              parentSchema: schema36.properties.canary.properties.share,
              data: data14,
            }
            if (vErrors === null) {
              vErrors = [err42]
            } else {
              vErrors.push(err42)
            }
            errors++
          }
        }
        if (data13.for !== undefined) {
          let data15 = data13.for
          if (typeof data15 === 'string') {
            if (!pattern27.test(data15)) {
              const err43 = {
                instancePath: instancePath + '/canary/for',
                schemaPath: '#/properties/canary/properties/for/pattern',
                keyword: 'pattern',
                params: { pattern: '^[0-9]+(\\.[0-9]+)?(ms|s|m|h)$' },
                message: 'must match pattern "' + '^[0-9]+(\\.[0-9]+)?(ms|s|m|h)$' + '"',
                schema: '^[0-9]+(\\.[0-9]+)?(ms|s|m|h)$',
                parentSchema: schema36.properties.canary.properties.for,
                data: data15,
              }
              if (vErrors === null) {
                vErrors = [err43]
              } else {
                vErrors.push(err43)
              }
              errors++
            }
          } else {
            const err44 = {
              instancePath: instancePath + '/canary/for',
              schemaPath: '#/properties/canary/properties/for/type',
              keyword: 'type',
              params: { type: 'string' },
              message: 'must be string',
              schema: schema36.properties.canary.properties.for.type,
              parentSchema: schema36.properties.canary.properties.for,
              data: data15,
            }
            if (vErrors === null) {
              vErrors = [err44]
            } else {
              vErrors.push(err44)
            }
            errors++
          }
        }
        if (data13.promoteIf !== undefined) {
          let data16 = data13.promoteIf
          if (typeof data16 !== 'string') {
            const err45 = {
              instancePath: instancePath + '/canary/promoteIf',
              schemaPath: '#/properties/canary/properties/promoteIf/type',
              keyword: 'type',
              params: { type: 'string' },
              message: 'must be string',
              schema: schema36.properties.canary.properties.promoteIf.type,
              parentSchema: schema36.properties.canary.properties.promoteIf,
              data: data16,
            }
            if (vErrors === null) {
              vErrors = [err45]
            } else {
              vErrors.push(err45)
            }
            errors++
          }
        }
        if (data13.minRequests !== undefined) {
          let data17 = data13.minRequests
          if (!(typeof data17 == 'number' && !(data17 % 1) && !isNaN(data17) && isFinite(data17))) {
            const err46 = {
              instancePath: instancePath + '/canary/minRequests',
              schemaPath: '#/properties/canary/properties/minRequests/type',
              keyword: 'type',
              params: { type: 'integer' },
              message: 'must be integer',
              schema: schema36.properties.canary.properties.minRequests.type,
              parentSchema: schema36.properties.canary.properties.minRequests,
              data: data17,
            }
            if (vErrors === null) {
              vErrors = [err46]
            } else {
              vErrors.push(err46)
            }
            errors++
          }
          if (typeof data17 == 'number' && isFinite(data17)) {
            if (data17 > 1000000 || isNaN(data17)) {
              const err47 = {
                instancePath: instancePath + '/canary/minRequests',
                schemaPath: '#/properties/canary/properties/minRequests/maximum',
                keyword: 'maximum',
                params: { comparison: '<=', limit: 1000000 },
                message: 'must be <= 1000000',
                schema: 1000000,
                parentSchema: schema36.properties.canary.properties.minRequests,
                data: data17,
              }
              if (vErrors === null) {
                vErrors = [err47]
              } else {
                vErrors.push(err47)
              }
              errors++
            }
            if (data17 < 1 || isNaN(data17)) {
              const err48 = {
                instancePath: instancePath + '/canary/minRequests',
                schemaPath: '#/properties/canary/properties/minRequests/minimum',
                keyword: 'minimum',
                params: { comparison: '>=', limit: 1 },
                message: 'must be >= 1',
                schema: 1,
                parentSchema: schema36.properties.canary.properties.minRequests,
                data: data17,
              }
              if (vErrors === null) {
                vErrors = [err48]
              } else {
                vErrors.push(err48)
              }
              errors++
            }
          }
        }
      } else {
        const err49 = {
          instancePath: instancePath + '/canary',
          schemaPath: '#/properties/canary/type',
          keyword: 'type',
          params: { type: 'object' },
          message: 'must be object',
          schema: schema36.properties.canary.type,
          parentSchema: schema36.properties.canary,
          data: data13,
        }
        if (vErrors === null) {
          vErrors = [err49]
        } else {
          vErrors.push(err49)
        }
        errors++
      }
    }
  } else {
    const err50 = {
      instancePath,
      schemaPath: '#/type',
      keyword: 'type',
      params: { type: 'object' },
      message: 'must be object',
      schema: schema36.type,
      parentSchema: schema36,
      data,
    }
    if (vErrors === null) {
      vErrors = [err50]
    } else {
      vErrors.push(err50)
    }
    errors++
  }
  validate25.errors = vErrors
  return errors === 0
}
validate25.evaluated = { props: true, dynamicProps: false, dynamicItems: false }
export const putPreview = validate26
const schema37 = {
  title: 'object',
  description: 'The backend that serves the host, and for how long.',
  examples: [
    { url: 'http://10.0.0.9:8080', for: '2d' },
    { url: 'unix:/run/pr-123.sock', for: '12h' },
  ],
  type: 'object',
  properties: {
    url: {
      title: 'backend URL',
      description: 'Where it listens.',
      type: 'string',
      pattern: '^(http://|unix:/)',
      examples: ['http://10.0.0.9:8080'],
    },
    for: {
      title: 'time from 1m to 30d',
      description: 'From now on.',
      type: 'string',
      pattern: '^[0-9]+(\\.[0-9]+)?(ms|s|m|h|d)$',
      examples: ['2d', '12h'],
    },
  },
  required: ['url', 'for'],
  additionalProperties: false,
}
const pattern29 = new RegExp('^(http://|unix:/)', 'u')
const pattern30 = new RegExp('^[0-9]+(\\.[0-9]+)?(ms|s|m|h|d)$', 'u')
function validate26(
  data,
  { instancePath = '', parentData, parentDataProperty, rootData = data, dynamicAnchors = {} } = {},
) {
  let vErrors = null
  let errors = 0
  const evaluated0 = validate26.evaluated
  if (evaluated0.dynamicProps) {
    evaluated0.props = undefined
  }
  if (evaluated0.dynamicItems) {
    evaluated0.items = undefined
  }
  if (data && typeof data == 'object' && !Array.isArray(data)) {
    if (data.url === undefined) {
      const err0 = {
        instancePath,
        schemaPath: '#/required',
        keyword: 'required',
        params: { missingProperty: 'url' },
        message: "must have required property '" + 'url' + "'",
        schema: schema37.required,
        parentSchema: schema37,
        data,
      }
      if (vErrors === null) {
        vErrors = [err0]
      } else {
        vErrors.push(err0)
      }
      errors++
    }
    if (data.for === undefined) {
      const err1 = {
        instancePath,
        schemaPath: '#/required',
        keyword: 'required',
        params: { missingProperty: 'for' },
        message: "must have required property '" + 'for' + "'",
        schema: schema37.required,
        parentSchema: schema37,
        data,
      }
      if (vErrors === null) {
        vErrors = [err1]
      } else {
        vErrors.push(err1)
      }
      errors++
    }
    for (const key0 in data) {
      if (!(key0 === 'url' || key0 === 'for')) {
        const err2 = {
          instancePath,
          schemaPath: '#/additionalProperties',
          keyword: 'additionalProperties',
          params: { additionalProperty: key0 },
          message: 'must NOT have additional properties',
          schema: false,
          parentSchema: schema37,
          data,
        }
        if (vErrors === null) {
          vErrors = [err2]
        } else {
          vErrors.push(err2)
        }
        errors++
      }
    }
    if (data.url !== undefined) {
      let data0 = data.url
      if (typeof data0 === 'string') {
        if (!pattern29.test(data0)) {
          const err3 = {
            instancePath: instancePath + '/url',
            schemaPath: '#/properties/url/pattern',
            keyword: 'pattern',
            params: { pattern: '^(http://|unix:/)' },
            message: 'must match pattern "' + '^(http://|unix:/)' + '"',
            schema: '^(http://|unix:/)',
            parentSchema: schema37.properties.url,
            data: data0,
          }
          if (vErrors === null) {
            vErrors = [err3]
          } else {
            vErrors.push(err3)
          }
          errors++
        }
      } else {
        const err4 = {
          instancePath: instancePath + '/url',
          schemaPath: '#/properties/url/type',
          keyword: 'type',
          params: { type: 'string' },
          message: 'must be string',
          schema: schema37.properties.url.type,
          parentSchema: schema37.properties.url,
          data: data0,
        }
        if (vErrors === null) {
          vErrors = [err4]
        } else {
          vErrors.push(err4)
        }
        errors++
      }
    }
    if (data.for !== undefined) {
      let data1 = data.for
      if (typeof data1 === 'string') {
        if (!pattern30.test(data1)) {
          const err5 = {
            instancePath: instancePath + '/for',
            schemaPath: '#/properties/for/pattern',
            keyword: 'pattern',
            params: { pattern: '^[0-9]+(\\.[0-9]+)?(ms|s|m|h|d)$' },
            message: 'must match pattern "' + '^[0-9]+(\\.[0-9]+)?(ms|s|m|h|d)$' + '"',
            schema: '^[0-9]+(\\.[0-9]+)?(ms|s|m|h|d)$',
            parentSchema: schema37.properties.for,
            data: data1,
          }
          if (vErrors === null) {
            vErrors = [err5]
          } else {
            vErrors.push(err5)
          }
          errors++
        }
      } else {
        const err6 = {
          instancePath: instancePath + '/for',
          schemaPath: '#/properties/for/type',
          keyword: 'type',
          params: { type: 'string' },
          message: 'must be string',
          schema: schema37.properties.for.type,
          parentSchema: schema37.properties.for,
          data: data1,
        }
        if (vErrors === null) {
          vErrors = [err6]
        } else {
          vErrors.push(err6)
        }
        errors++
      }
    }
  } else {
    const err7 = {
      instancePath,
      schemaPath: '#/type',
      keyword: 'type',
      params: { type: 'object' },
      message: 'must be object',
      schema: schema37.type,
      parentSchema: schema37,
      data,
    }
    if (vErrors === null) {
      vErrors = [err7]
    } else {
      vErrors.push(err7)
    }
    errors++
  }
  validate26.errors = vErrors
  return errors === 0
}
validate26.evaluated = { props: true, dynamicProps: false, dynamicItems: false }
export const addBackend = validate27
const schema38 = {
  title: 'backend',
  description: 'A URL, or an object with one.',
  anyOf: [
    {
      title: 'backend URL',
      description: 'Where the backend listens.',
      type: 'string',
      pattern: '^(https?://|tcp://|unix:/)',
      examples: ['http://10.0.0.1:8080', 'https://app.internal', 'tcp://10.0.0.1:5432', 'unix:/run/app.sock'],
    },
    {
      title: 'object',
      description: 'A backend with more to say about it.',
      type: 'object',
      properties: {
        url: {
          title: 'backend URL',
          description:
            'Where the backend listens: `http://host:port` (80 when absent), `https://host:port` (443 when absent; see `tls` of the pool), `tcp://host:port` (for TCP mode; the same backend as with `http`) or `unix:/path`.',
          type: 'string',
          pattern: '^(https?://|tcp://|unix:/)',
          examples: ['http://10.0.0.1:8080', 'https://app.internal', 'tcp://10.0.0.1:5432', 'unix:/run/app.sock'],
        },
        weight: {
          title: 'number, 0.001 to 1000',
          description: 'Its share relative to the others.',
          examples: [2],
          type: 'number',
          minimum: 0.001,
          maximum: 1000,
          default: 1,
        },
        tier: {
          title: 'whole number, 0 to 15',
          description:
            'Tier 0 comes first; the members of the next take over in so far as usable ones are missing before them.',
          examples: [1],
          type: 'integer',
          minimum: 0,
          maximum: 15,
          default: 0,
        },
        maxInflight: {
          title: 'whole number, 1 to 1000000',
          description:
            'Requests at once, upgraded connections included; no bound by default. At it the backend is given no more, and others are.',
          examples: [100],
          type: 'integer',
          minimum: 1,
          maximum: 1000000,
        },
        zone: {
          title: 'name',
          description: 'The zone or region, compared with the client’s.',
          type: 'string',
          pattern: '^[\\x20-\\x7e]{1,64}$',
          examples: ['eu-1'],
        },
        place: {
          title: 'object',
          description: 'A point on the earth, for strategies that measure distance.',
          type: 'object',
          properties: {
            latitude: {
              title: 'number, -90 to 90',
              description: 'Degrees, north positive.',
              examples: [52.5],
              type: 'number',
              minimum: -90,
              maximum: 90,
            },
            longitude: {
              title: 'number, -180 to 180',
              description: 'Degrees, east positive.',
              examples: [13.4],
              type: 'number',
              minimum: -180,
              maximum: 180,
            },
          },
          required: ['latitude', 'longitude'],
          additionalProperties: false,
        },
        drain: {
          title: 'true or false',
          description: 'Takes no new requests; what it has begun goes on. Set and unset by `smartedge backend`.',
          examples: [true],
          type: 'boolean',
        },
      },
      required: ['url'],
      additionalProperties: false,
    },
  ],
  examples: ['http://10.0.0.1:8080', { url: 'http://10.0.0.1:8080', weight: 2, zone: 'eu-1' }],
}
function validate27(
  data,
  { instancePath = '', parentData, parentDataProperty, rootData = data, dynamicAnchors = {} } = {},
) {
  let vErrors = null
  let errors = 0
  const evaluated0 = validate27.evaluated
  if (evaluated0.dynamicProps) {
    evaluated0.props = undefined
  }
  if (evaluated0.dynamicItems) {
    evaluated0.items = undefined
  }
  const _errs0 = errors
  let valid0 = false
  const _errs1 = errors
  if (typeof data === 'string') {
    if (!pattern24.test(data)) {
      const err0 = {
        instancePath,
        schemaPath: '#/anyOf/0/pattern',
        keyword: 'pattern',
        params: { pattern: '^(https?://|tcp://|unix:/)' },
        message: 'must match pattern "' + '^(https?://|tcp://|unix:/)' + '"',
        schema: '^(https?://|tcp://|unix:/)',
        parentSchema: schema38.anyOf[0],
        data,
      }
      if (vErrors === null) {
        vErrors = [err0]
      } else {
        vErrors.push(err0)
      }
      errors++
    }
  } else {
    const err1 = {
      instancePath,
      schemaPath: '#/anyOf/0/type',
      keyword: 'type',
      params: { type: 'string' },
      message: 'must be string',
      schema: schema38.anyOf[0].type,
      parentSchema: schema38.anyOf[0],
      data,
    }
    if (vErrors === null) {
      vErrors = [err1]
    } else {
      vErrors.push(err1)
    }
    errors++
  }
  var _valid0 = _errs1 === errors
  valid0 = valid0 || _valid0
  const _errs3 = errors
  if (data && typeof data == 'object' && !Array.isArray(data)) {
    if (data.url === undefined) {
      const err2 = {
        instancePath,
        schemaPath: '#/anyOf/1/required',
        keyword: 'required',
        params: { missingProperty: 'url' },
        message: "must have required property '" + 'url' + "'",
        schema: schema38.anyOf[1].required,
        parentSchema: schema38.anyOf[1],
        data,
      }
      if (vErrors === null) {
        vErrors = [err2]
      } else {
        vErrors.push(err2)
      }
      errors++
    }
    for (const key0 in data) {
      if (!(
        key0 === 'url' ||
        key0 === 'weight' ||
        key0 === 'tier' ||
        key0 === 'maxInflight' ||
        key0 === 'zone' ||
        key0 === 'place' ||
        key0 === 'drain'
      )) {
        const err3 = {
          instancePath,
          schemaPath: '#/anyOf/1/additionalProperties',
          keyword: 'additionalProperties',
          params: { additionalProperty: key0 },
          message: 'must NOT have additional properties',
          schema: false,
          parentSchema: schema38.anyOf[1],
          data,
        }
        if (vErrors === null) {
          vErrors = [err3]
        } else {
          vErrors.push(err3)
        }
        errors++
      }
    }
    if (data.url !== undefined) {
      let data0 = data.url
      if (typeof data0 === 'string') {
        if (!pattern24.test(data0)) {
          const err4 = {
            instancePath: instancePath + '/url',
            schemaPath: '#/anyOf/1/properties/url/pattern',
            keyword: 'pattern',
            params: { pattern: '^(https?://|tcp://|unix:/)' },
            message: 'must match pattern "' + '^(https?://|tcp://|unix:/)' + '"',
            schema: '^(https?://|tcp://|unix:/)',
            parentSchema: schema38.anyOf[1].properties.url,
            data: data0,
          }
          if (vErrors === null) {
            vErrors = [err4]
          } else {
            vErrors.push(err4)
          }
          errors++
        }
      } else {
        const err5 = {
          instancePath: instancePath + '/url',
          schemaPath: '#/anyOf/1/properties/url/type',
          keyword: 'type',
          params: { type: 'string' },
          message: 'must be string',
          schema: schema38.anyOf[1].properties.url.type,
          parentSchema: schema38.anyOf[1].properties.url,
          data: data0,
        }
        if (vErrors === null) {
          vErrors = [err5]
        } else {
          vErrors.push(err5)
        }
        errors++
      }
    }
    if (data.weight !== undefined) {
      let data1 = data.weight
      if (typeof data1 == 'number' && isFinite(data1)) {
        if (data1 > 1000 || isNaN(data1)) {
          const err6 = {
            instancePath: instancePath + '/weight',
            schemaPath: '#/anyOf/1/properties/weight/maximum',
            keyword: 'maximum',
            params: { comparison: '<=', limit: 1000 },
            message: 'must be <= 1000',
            schema: 1000,
            parentSchema: schema38.anyOf[1].properties.weight,
            data: data1,
          }
          if (vErrors === null) {
            vErrors = [err6]
          } else {
            vErrors.push(err6)
          }
          errors++
        }
        if (data1 < 0.001 || isNaN(data1)) {
          const err7 = {
            instancePath: instancePath + '/weight',
            schemaPath: '#/anyOf/1/properties/weight/minimum',
            keyword: 'minimum',
            params: { comparison: '>=', limit: 0.001 },
            message: 'must be >= 0.001',
            schema: 0.001,
            parentSchema: schema38.anyOf[1].properties.weight,
            data: data1,
          }
          if (vErrors === null) {
            vErrors = [err7]
          } else {
            vErrors.push(err7)
          }
          errors++
        }
      } else {
        const err8 = {
          instancePath: instancePath + '/weight',
          schemaPath: '#/anyOf/1/properties/weight/type',
          keyword: 'type',
          params: { type: 'number' },
          message: 'must be number',
          schema: schema38.anyOf[1].properties.weight.type,
          parentSchema: schema38.anyOf[1].properties.weight,
          data: data1,
        }
        if (vErrors === null) {
          vErrors = [err8]
        } else {
          vErrors.push(err8)
        }
        errors++
      }
    }
    if (data.tier !== undefined) {
      let data2 = data.tier
      if (!(typeof data2 == 'number' && !(data2 % 1) && !isNaN(data2) && isFinite(data2))) {
        const err9 = {
          instancePath: instancePath + '/tier',
          schemaPath: '#/anyOf/1/properties/tier/type',
          keyword: 'type',
          params: { type: 'integer' },
          message: 'must be integer',
          schema: schema38.anyOf[1].properties.tier.type,
          parentSchema: schema38.anyOf[1].properties.tier,
          data: data2,
        }
        if (vErrors === null) {
          vErrors = [err9]
        } else {
          vErrors.push(err9)
        }
        errors++
      }
      if (typeof data2 == 'number' && isFinite(data2)) {
        if (data2 > 15 || isNaN(data2)) {
          const err10 = {
            instancePath: instancePath + '/tier',
            schemaPath: '#/anyOf/1/properties/tier/maximum',
            keyword: 'maximum',
            params: { comparison: '<=', limit: 15 },
            message: 'must be <= 15',
            schema: 15,
            parentSchema: schema38.anyOf[1].properties.tier,
            data: data2,
          }
          if (vErrors === null) {
            vErrors = [err10]
          } else {
            vErrors.push(err10)
          }
          errors++
        }
        if (data2 < 0 || isNaN(data2)) {
          const err11 = {
            instancePath: instancePath + '/tier',
            schemaPath: '#/anyOf/1/properties/tier/minimum',
            keyword: 'minimum',
            params: { comparison: '>=', limit: 0 },
            message: 'must be >= 0',
            schema: 0,
            parentSchema: schema38.anyOf[1].properties.tier,
            data: data2,
          }
          if (vErrors === null) {
            vErrors = [err11]
          } else {
            vErrors.push(err11)
          }
          errors++
        }
      }
    }
    if (data.maxInflight !== undefined) {
      let data3 = data.maxInflight
      if (!(typeof data3 == 'number' && !(data3 % 1) && !isNaN(data3) && isFinite(data3))) {
        const err12 = {
          instancePath: instancePath + '/maxInflight',
          schemaPath: '#/anyOf/1/properties/maxInflight/type',
          keyword: 'type',
          params: { type: 'integer' },
          message: 'must be integer',
          schema: schema38.anyOf[1].properties.maxInflight.type,
          parentSchema: schema38.anyOf[1].properties.maxInflight,
          data: data3,
        }
        if (vErrors === null) {
          vErrors = [err12]
        } else {
          vErrors.push(err12)
        }
        errors++
      }
      if (typeof data3 == 'number' && isFinite(data3)) {
        if (data3 > 1000000 || isNaN(data3)) {
          const err13 = {
            instancePath: instancePath + '/maxInflight',
            schemaPath: '#/anyOf/1/properties/maxInflight/maximum',
            keyword: 'maximum',
            params: { comparison: '<=', limit: 1000000 },
            message: 'must be <= 1000000',
            schema: 1000000,
            parentSchema: schema38.anyOf[1].properties.maxInflight,
            data: data3,
          }
          if (vErrors === null) {
            vErrors = [err13]
          } else {
            vErrors.push(err13)
          }
          errors++
        }
        if (data3 < 1 || isNaN(data3)) {
          const err14 = {
            instancePath: instancePath + '/maxInflight',
            schemaPath: '#/anyOf/1/properties/maxInflight/minimum',
            keyword: 'minimum',
            params: { comparison: '>=', limit: 1 },
            message: 'must be >= 1',
            schema: 1,
            parentSchema: schema38.anyOf[1].properties.maxInflight,
            data: data3,
          }
          if (vErrors === null) {
            vErrors = [err14]
          } else {
            vErrors.push(err14)
          }
          errors++
        }
      }
    }
    if (data.zone !== undefined) {
      let data4 = data.zone
      if (typeof data4 === 'string') {
        if (!pattern26.test(data4)) {
          const err15 = {
            instancePath: instancePath + '/zone',
            schemaPath: '#/anyOf/1/properties/zone/pattern',
            keyword: 'pattern',
            params: { pattern: '^[\\x20-\\x7e]{1,64}$' },
            message: 'must match pattern "' + '^[\\x20-\\x7e]{1,64}$' + '"',
            schema: '^[\\x20-\\x7e]{1,64}$',
            parentSchema: schema38.anyOf[1].properties.zone,
            data: data4,
          }
          if (vErrors === null) {
            vErrors = [err15]
          } else {
            vErrors.push(err15)
          }
          errors++
        }
      } else {
        const err16 = {
          instancePath: instancePath + '/zone',
          schemaPath: '#/anyOf/1/properties/zone/type',
          keyword: 'type',
          params: { type: 'string' },
          message: 'must be string',
          schema: schema38.anyOf[1].properties.zone.type,
          parentSchema: schema38.anyOf[1].properties.zone,
          data: data4,
        }
        if (vErrors === null) {
          vErrors = [err16]
        } else {
          vErrors.push(err16)
        }
        errors++
      }
    }
    if (data.place !== undefined) {
      let data5 = data.place
      if (data5 && typeof data5 == 'object' && !Array.isArray(data5)) {
        if (data5.latitude === undefined) {
          const err17 = {
            instancePath: instancePath + '/place',
            schemaPath: '#/anyOf/1/properties/place/required',
            keyword: 'required',
            params: { missingProperty: 'latitude' },
            message: "must have required property '" + 'latitude' + "'",
            schema: schema38.anyOf[1].properties.place.required,
            parentSchema: schema38.anyOf[1].properties.place,
            data: data5,
          }
          if (vErrors === null) {
            vErrors = [err17]
          } else {
            vErrors.push(err17)
          }
          errors++
        }
        if (data5.longitude === undefined) {
          const err18 = {
            instancePath: instancePath + '/place',
            schemaPath: '#/anyOf/1/properties/place/required',
            keyword: 'required',
            params: { missingProperty: 'longitude' },
            message: "must have required property '" + 'longitude' + "'",
            schema: schema38.anyOf[1].properties.place.required,
            parentSchema: schema38.anyOf[1].properties.place,
            data: data5,
          }
          if (vErrors === null) {
            vErrors = [err18]
          } else {
            vErrors.push(err18)
          }
          errors++
        }
        for (const key1 in data5) {
          if (!(key1 === 'latitude' || key1 === 'longitude')) {
            const err19 = {
              instancePath: instancePath + '/place',
              schemaPath: '#/anyOf/1/properties/place/additionalProperties',
              keyword: 'additionalProperties',
              params: { additionalProperty: key1 },
              message: 'must NOT have additional properties',
              schema: false,
              parentSchema: schema38.anyOf[1].properties.place,
              data: data5,
            }
            if (vErrors === null) {
              vErrors = [err19]
            } else {
              vErrors.push(err19)
            }
            errors++
          }
        }
        if (data5.latitude !== undefined) {
          let data6 = data5.latitude
          if (typeof data6 == 'number' && isFinite(data6)) {
            if (data6 > 90 || isNaN(data6)) {
              const err20 = {
                instancePath: instancePath + '/place/latitude',
                schemaPath: '#/anyOf/1/properties/place/properties/latitude/maximum',
                keyword: 'maximum',
                params: { comparison: '<=', limit: 90 },
                message: 'must be <= 90',
                schema: 90,
                parentSchema: schema38.anyOf[1].properties.place.properties.latitude,
                data: data6,
              }
              if (vErrors === null) {
                vErrors = [err20]
              } else {
                vErrors.push(err20)
              }
              errors++
            }
            if (data6 < -90 || isNaN(data6)) {
              const err21 = {
                instancePath: instancePath + '/place/latitude',
                schemaPath: '#/anyOf/1/properties/place/properties/latitude/minimum',
                keyword: 'minimum',
                params: { comparison: '>=', limit: -90 },
                message: 'must be >= -90',
                schema: -90,
                parentSchema: schema38.anyOf[1].properties.place.properties.latitude,
                data: data6,
              }
              if (vErrors === null) {
                vErrors = [err21]
              } else {
                vErrors.push(err21)
              }
              errors++
            }
          } else {
            const err22 = {
              instancePath: instancePath + '/place/latitude',
              schemaPath: '#/anyOf/1/properties/place/properties/latitude/type',
              keyword: 'type',
              params: { type: 'number' },
              message: 'must be number',
              schema: schema38.anyOf[1].properties.place.properties.latitude.type,
              parentSchema: schema38.anyOf[1].properties.place.properties.latitude,
              data: data6,
            }
            if (vErrors === null) {
              vErrors = [err22]
            } else {
              vErrors.push(err22)
            }
            errors++
          }
        }
        if (data5.longitude !== undefined) {
          let data7 = data5.longitude
          if (typeof data7 == 'number' && isFinite(data7)) {
            if (data7 > 180 || isNaN(data7)) {
              const err23 = {
                instancePath: instancePath + '/place/longitude',
                schemaPath: '#/anyOf/1/properties/place/properties/longitude/maximum',
                keyword: 'maximum',
                params: { comparison: '<=', limit: 180 },
                message: 'must be <= 180',
                schema: 180,
                parentSchema: schema38.anyOf[1].properties.place.properties.longitude,
                data: data7,
              }
              if (vErrors === null) {
                vErrors = [err23]
              } else {
                vErrors.push(err23)
              }
              errors++
            }
            if (data7 < -180 || isNaN(data7)) {
              const err24 = {
                instancePath: instancePath + '/place/longitude',
                schemaPath: '#/anyOf/1/properties/place/properties/longitude/minimum',
                keyword: 'minimum',
                params: { comparison: '>=', limit: -180 },
                message: 'must be >= -180',
                schema: -180,
                parentSchema: schema38.anyOf[1].properties.place.properties.longitude,
                data: data7,
              }
              if (vErrors === null) {
                vErrors = [err24]
              } else {
                vErrors.push(err24)
              }
              errors++
            }
          } else {
            const err25 = {
              instancePath: instancePath + '/place/longitude',
              schemaPath: '#/anyOf/1/properties/place/properties/longitude/type',
              keyword: 'type',
              params: { type: 'number' },
              message: 'must be number',
              schema: schema38.anyOf[1].properties.place.properties.longitude.type,
              parentSchema: schema38.anyOf[1].properties.place.properties.longitude,
              data: data7,
            }
            if (vErrors === null) {
              vErrors = [err25]
            } else {
              vErrors.push(err25)
            }
            errors++
          }
        }
      } else {
        const err26 = {
          instancePath: instancePath + '/place',
          schemaPath: '#/anyOf/1/properties/place/type',
          keyword: 'type',
          params: { type: 'object' },
          message: 'must be object',
          schema: schema38.anyOf[1].properties.place.type,
          parentSchema: schema38.anyOf[1].properties.place,
          data: data5,
        }
        if (vErrors === null) {
          vErrors = [err26]
        } else {
          vErrors.push(err26)
        }
        errors++
      }
    }
    if (data.drain !== undefined) {
      let data8 = data.drain
      if (typeof data8 !== 'boolean') {
        const err27 = {
          instancePath: instancePath + '/drain',
          schemaPath: '#/anyOf/1/properties/drain/type',
          keyword: 'type',
          params: { type: 'boolean' },
          message: 'must be boolean',
          schema: schema38.anyOf[1].properties.drain.type,
          parentSchema: schema38.anyOf[1].properties.drain,
          data: data8,
        }
        if (vErrors === null) {
          vErrors = [err27]
        } else {
          vErrors.push(err27)
        }
        errors++
      }
    }
  } else {
    const err28 = {
      instancePath,
      schemaPath: '#/anyOf/1/type',
      keyword: 'type',
      params: { type: 'object' },
      message: 'must be object',
      schema: schema38.anyOf[1].type,
      parentSchema: schema38.anyOf[1],
      data,
    }
    if (vErrors === null) {
      vErrors = [err28]
    } else {
      vErrors.push(err28)
    }
    errors++
  }
  var _valid0 = _errs3 === errors
  valid0 = valid0 || _valid0
  if (_valid0) {
    var props0 = true
  }
  if (!valid0) {
    const err29 = {
      instancePath,
      schemaPath: '#/anyOf',
      keyword: 'anyOf',
      params: {},
      message: 'must match a schema in anyOf',
      schema: schema38.anyOf,
      parentSchema: schema38,
      data,
    }
    if (vErrors === null) {
      vErrors = [err29]
    } else {
      vErrors.push(err29)
    }
    errors++
  } else {
    errors = _errs0
    if (vErrors !== null) {
      if (_errs0) {
        vErrors.length = _errs0
      } else {
        vErrors = null
      }
    }
  }
  validate27.errors = vErrors
  evaluated0.props = props0
  return errors === 0
}
validate27.evaluated = { dynamicProps: true, dynamicItems: false }
export const updateBackend = validate28
const schema39 = {
  title: 'object',
  description: 'What changes of a backend; at least one of the keys.',
  examples: [{ weight: 2 }, { maxInflight: 20 }, { drain: true }, { weight: 1, state: 'active' }],
  type: 'object',
  properties: {
    weight: {
      title: 'number, 0.001 to 1000',
      description: 'Its new share relative to the others.',
      examples: [2],
      type: 'number',
      minimum: 0.001,
      maximum: 1000,
    },
    maxInflight: {
      title: 'whole number, 1 to 1000000 or null',
      description: 'Requests that it is given at once; null: no bound of its own.',
      examples: [20],
      anyOf: [
        {
          title: 'whole number, 1 to 1000000',
          description: 'Requests that it is given at once; null: no bound of its own.',
          examples: [20],
          type: 'integer',
          minimum: 1,
          maximum: 1000000,
        },
        { title: 'null', type: 'null' },
      ],
    },
    state: {
      title: '"active" or "draining"',
      description: 'A draining backend takes no new requests; what it has begun goes on.',
      enum: ['active', 'draining'],
    },
    drain: { title: 'true or false', description: 'The same by the key that the file has for it.', type: 'boolean' },
  },
  additionalProperties: false,
  minProperties: 1,
}
function validate28(
  data,
  { instancePath = '', parentData, parentDataProperty, rootData = data, dynamicAnchors = {} } = {},
) {
  let vErrors = null
  let errors = 0
  const evaluated0 = validate28.evaluated
  if (evaluated0.dynamicProps) {
    evaluated0.props = undefined
  }
  if (evaluated0.dynamicItems) {
    evaluated0.items = undefined
  }
  if (data && typeof data == 'object' && !Array.isArray(data)) {
    if (Object.keys(data).length < 1) {
      const err0 = {
        instancePath,
        schemaPath: '#/minProperties',
        keyword: 'minProperties',
        params: { limit: 1 },
        message: 'must NOT have fewer than 1 properties',
        schema: 1,
        parentSchema: schema39,
        data,
      }
      if (vErrors === null) {
        vErrors = [err0]
      } else {
        vErrors.push(err0)
      }
      errors++
    }
    for (const key0 in data) {
      if (!(key0 === 'weight' || key0 === 'maxInflight' || key0 === 'state' || key0 === 'drain')) {
        const err1 = {
          instancePath,
          schemaPath: '#/additionalProperties',
          keyword: 'additionalProperties',
          params: { additionalProperty: key0 },
          message: 'must NOT have additional properties',
          schema: false,
          parentSchema: schema39,
          data,
        }
        if (vErrors === null) {
          vErrors = [err1]
        } else {
          vErrors.push(err1)
        }
        errors++
      }
    }
    if (data.weight !== undefined) {
      let data0 = data.weight
      if (typeof data0 == 'number' && isFinite(data0)) {
        if (data0 > 1000 || isNaN(data0)) {
          const err2 = {
            instancePath: instancePath + '/weight',
            schemaPath: '#/properties/weight/maximum',
            keyword: 'maximum',
            params: { comparison: '<=', limit: 1000 },
            message: 'must be <= 1000',
            schema: 1000,
            parentSchema: schema39.properties.weight,
            data: data0,
          }
          if (vErrors === null) {
            vErrors = [err2]
          } else {
            vErrors.push(err2)
          }
          errors++
        }
        if (data0 < 0.001 || isNaN(data0)) {
          const err3 = {
            instancePath: instancePath + '/weight',
            schemaPath: '#/properties/weight/minimum',
            keyword: 'minimum',
            params: { comparison: '>=', limit: 0.001 },
            message: 'must be >= 0.001',
            schema: 0.001,
            parentSchema: schema39.properties.weight,
            data: data0,
          }
          if (vErrors === null) {
            vErrors = [err3]
          } else {
            vErrors.push(err3)
          }
          errors++
        }
      } else {
        const err4 = {
          instancePath: instancePath + '/weight',
          schemaPath: '#/properties/weight/type',
          keyword: 'type',
          params: { type: 'number' },
          message: 'must be number',
          schema: schema39.properties.weight.type,
          parentSchema: schema39.properties.weight,
          data: data0,
        }
        if (vErrors === null) {
          vErrors = [err4]
        } else {
          vErrors.push(err4)
        }
        errors++
      }
    }
    if (data.maxInflight !== undefined) {
      let data1 = data.maxInflight
      const _errs5 = errors
      let valid1 = false
      const _errs6 = errors
      if (!(typeof data1 == 'number' && !(data1 % 1) && !isNaN(data1) && isFinite(data1))) {
        const err5 = {
          instancePath: instancePath + '/maxInflight',
          schemaPath: '#/properties/maxInflight/anyOf/0/type',
          keyword: 'type',
          params: { type: 'integer' },
          message: 'must be integer',
          schema: schema39.properties.maxInflight.anyOf[0].type,
          parentSchema: schema39.properties.maxInflight.anyOf[0],
          data: data1,
        }
        if (vErrors === null) {
          vErrors = [err5]
        } else {
          vErrors.push(err5)
        }
        errors++
      }
      if (typeof data1 == 'number' && isFinite(data1)) {
        if (data1 > 1000000 || isNaN(data1)) {
          const err6 = {
            instancePath: instancePath + '/maxInflight',
            schemaPath: '#/properties/maxInflight/anyOf/0/maximum',
            keyword: 'maximum',
            params: { comparison: '<=', limit: 1000000 },
            message: 'must be <= 1000000',
            schema: 1000000,
            parentSchema: schema39.properties.maxInflight.anyOf[0],
            data: data1,
          }
          if (vErrors === null) {
            vErrors = [err6]
          } else {
            vErrors.push(err6)
          }
          errors++
        }
        if (data1 < 1 || isNaN(data1)) {
          const err7 = {
            instancePath: instancePath + '/maxInflight',
            schemaPath: '#/properties/maxInflight/anyOf/0/minimum',
            keyword: 'minimum',
            params: { comparison: '>=', limit: 1 },
            message: 'must be >= 1',
            schema: 1,
            parentSchema: schema39.properties.maxInflight.anyOf[0],
            data: data1,
          }
          if (vErrors === null) {
            vErrors = [err7]
          } else {
            vErrors.push(err7)
          }
          errors++
        }
      }
      var _valid0 = _errs6 === errors
      valid1 = valid1 || _valid0
      const _errs8 = errors
      if (data1 !== null) {
        const err8 = {
          instancePath: instancePath + '/maxInflight',
          schemaPath: '#/properties/maxInflight/anyOf/1/type',
          keyword: 'type',
          params: { type: 'null' },
          message: 'must be null',
          schema: schema39.properties.maxInflight.anyOf[1].type,
          parentSchema: schema39.properties.maxInflight.anyOf[1],
          data: data1,
        }
        if (vErrors === null) {
          vErrors = [err8]
        } else {
          vErrors.push(err8)
        }
        errors++
      }
      var _valid0 = _errs8 === errors
      valid1 = valid1 || _valid0
      if (!valid1) {
        const err9 = {
          instancePath: instancePath + '/maxInflight',
          schemaPath: '#/properties/maxInflight/anyOf',
          keyword: 'anyOf',
          params: {},
          message: 'must match a schema in anyOf',
          schema: schema39.properties.maxInflight.anyOf,
          parentSchema: schema39.properties.maxInflight,
          data: data1,
        }
        if (vErrors === null) {
          vErrors = [err9]
        } else {
          vErrors.push(err9)
        }
        errors++
      } else {
        errors = _errs5
        if (vErrors !== null) {
          if (_errs5) {
            vErrors.length = _errs5
          } else {
            vErrors = null
          }
        }
      }
    }
    if (data.state !== undefined) {
      let data2 = data.state
      if (!(data2 === 'active' || data2 === 'draining')) {
        const err10 = {
          instancePath: instancePath + '/state',
          schemaPath: '#/properties/state/enum',
          keyword: 'enum',
          params: { allowedValues: schema39.properties.state.enum },
          message: 'must be equal to one of the allowed values',
          schema: schema39.properties.state.enum,
          parentSchema: schema39.properties.state,
          data: data2,
        }
        if (vErrors === null) {
          vErrors = [err10]
        } else {
          vErrors.push(err10)
        }
        errors++
      }
    }
    if (data.drain !== undefined) {
      let data3 = data.drain
      if (typeof data3 !== 'boolean') {
        const err11 = {
          instancePath: instancePath + '/drain',
          schemaPath: '#/properties/drain/type',
          keyword: 'type',
          params: { type: 'boolean' },
          message: 'must be boolean',
          schema: schema39.properties.drain.type,
          parentSchema: schema39.properties.drain,
          data: data3,
        }
        if (vErrors === null) {
          vErrors = [err11]
        } else {
          vErrors.push(err11)
        }
        errors++
      }
    }
  } else {
    const err12 = {
      instancePath,
      schemaPath: '#/type',
      keyword: 'type',
      params: { type: 'object' },
      message: 'must be object',
      schema: schema39.type,
      parentSchema: schema39,
      data,
    }
    if (vErrors === null) {
      vErrors = [err12]
    } else {
      vErrors.push(err12)
    }
    errors++
  }
  validate28.errors = vErrors
  return errors === 0
}
validate28.evaluated = { props: true, dynamicProps: false, dynamicItems: false }
export const updatePool = validate29
const schema40 = {
  title: 'object',
  description: 'What changes of a pool.',
  examples: [{ strategy: 'p2c' }, { strategy: { use: 'consistent-hash', options: {} } }],
  type: 'object',
  properties: {
    strategy: {
      title: 'strategy, or { "use": …, "options": … }',
      description: 'How a backend is chosen for each request.',
      examples: ['peak-ewma', './plugins/mine.ts'],
      anyOf: [
        {
          title: 'strategy name or path',
          description:
            'A shipped strategy (round-robin, random, least-connections, expected-delay, p2c, peak-ewma, consistent-hash, geo-affinity) or the path of your own TypeScript file.',
          type: 'string',
          pattern:
            '^(round-robin|random|least-connections|expected-delay|p2c|peak-ewma|consistent-hash|geo-affinity)$|^\\.{0,2}/',
          examples: [
            'round-robin',
            'random',
            'least-connections',
            'expected-delay',
            'p2c',
            'peak-ewma',
            'consistent-hash',
            'geo-affinity',
            './plugins/mine.ts',
          ],
        },
        {
          title: 'object',
          description: 'A strategy and its options.',
          examples: [{ use: 'consistent-hash', options: {} }],
          type: 'object',
          properties: {
            use: {
              title: 'strategy name or path',
              description:
                'A shipped strategy (round-robin, random, least-connections, expected-delay, p2c, peak-ewma, consistent-hash, geo-affinity) or the path of your own TypeScript file.',
              type: 'string',
              pattern:
                '^(round-robin|random|least-connections|expected-delay|p2c|peak-ewma|consistent-hash|geo-affinity)$|^\\.{0,2}/',
              examples: [
                'round-robin',
                'random',
                'least-connections',
                'expected-delay',
                'p2c',
                'peak-ewma',
                'consistent-hash',
                'geo-affinity',
                './plugins/mine.ts',
              ],
            },
            options: { title: 'any JSON', description: 'Handed to the strategy, which checks them.' },
          },
          required: ['use'],
          additionalProperties: false,
        },
      ],
    },
  },
  required: ['strategy'],
  additionalProperties: false,
}
const pattern34 = new RegExp(
  '^(round-robin|random|least-connections|expected-delay|p2c|peak-ewma|consistent-hash|geo-affinity)$|^\\.{0,2}/',
  'u',
)
function validate29(
  data,
  { instancePath = '', parentData, parentDataProperty, rootData = data, dynamicAnchors = {} } = {},
) {
  let vErrors = null
  let errors = 0
  const evaluated0 = validate29.evaluated
  if (evaluated0.dynamicProps) {
    evaluated0.props = undefined
  }
  if (evaluated0.dynamicItems) {
    evaluated0.items = undefined
  }
  if (data && typeof data == 'object' && !Array.isArray(data)) {
    if (data.strategy === undefined) {
      const err0 = {
        instancePath,
        schemaPath: '#/required',
        keyword: 'required',
        params: { missingProperty: 'strategy' },
        message: "must have required property '" + 'strategy' + "'",
        schema: schema40.required,
        parentSchema: schema40,
        data,
      }
      if (vErrors === null) {
        vErrors = [err0]
      } else {
        vErrors.push(err0)
      }
      errors++
    }
    for (const key0 in data) {
      if (!(key0 === 'strategy')) {
        const err1 = {
          instancePath,
          schemaPath: '#/additionalProperties',
          keyword: 'additionalProperties',
          params: { additionalProperty: key0 },
          message: 'must NOT have additional properties',
          schema: false,
          parentSchema: schema40,
          data,
        }
        if (vErrors === null) {
          vErrors = [err1]
        } else {
          vErrors.push(err1)
        }
        errors++
      }
    }
    if (data.strategy !== undefined) {
      let data0 = data.strategy
      const _errs3 = errors
      let valid1 = false
      const _errs4 = errors
      if (typeof data0 === 'string') {
        if (!pattern34.test(data0)) {
          const err2 = {
            instancePath: instancePath + '/strategy',
            schemaPath: '#/properties/strategy/anyOf/0/pattern',
            keyword: 'pattern',
            params: {
              pattern:
                '^(round-robin|random|least-connections|expected-delay|p2c|peak-ewma|consistent-hash|geo-affinity)$|^\\.{0,2}/',
            },
            message:
              'must match pattern "' +
              '^(round-robin|random|least-connections|expected-delay|p2c|peak-ewma|consistent-hash|geo-affinity)$|^\\.{0,2}/' +
              '"',
            schema:
              '^(round-robin|random|least-connections|expected-delay|p2c|peak-ewma|consistent-hash|geo-affinity)$|^\\.{0,2}/',
            parentSchema: schema40.properties.strategy.anyOf[0],
            data: data0,
          }
          if (vErrors === null) {
            vErrors = [err2]
          } else {
            vErrors.push(err2)
          }
          errors++
        }
      } else {
        const err3 = {
          instancePath: instancePath + '/strategy',
          schemaPath: '#/properties/strategy/anyOf/0/type',
          keyword: 'type',
          params: { type: 'string' },
          message: 'must be string',
          schema: schema40.properties.strategy.anyOf[0].type,
          parentSchema: schema40.properties.strategy.anyOf[0],
          data: data0,
        }
        if (vErrors === null) {
          vErrors = [err3]
        } else {
          vErrors.push(err3)
        }
        errors++
      }
      var _valid0 = _errs4 === errors
      valid1 = valid1 || _valid0
      const _errs6 = errors
      if (data0 && typeof data0 == 'object' && !Array.isArray(data0)) {
        if (data0.use === undefined) {
          const err4 = {
            instancePath: instancePath + '/strategy',
            schemaPath: '#/properties/strategy/anyOf/1/required',
            keyword: 'required',
            params: { missingProperty: 'use' },
            message: "must have required property '" + 'use' + "'",
            schema: schema40.properties.strategy.anyOf[1].required,
            parentSchema: schema40.properties.strategy.anyOf[1],
            data: data0,
          }
          if (vErrors === null) {
            vErrors = [err4]
          } else {
            vErrors.push(err4)
          }
          errors++
        }
        for (const key1 in data0) {
          if (!(key1 === 'use' || key1 === 'options')) {
            const err5 = {
              instancePath: instancePath + '/strategy',
              schemaPath: '#/properties/strategy/anyOf/1/additionalProperties',
              keyword: 'additionalProperties',
              params: { additionalProperty: key1 },
              message: 'must NOT have additional properties',
              schema: false,
              parentSchema: schema40.properties.strategy.anyOf[1],
              data: data0,
            }
            if (vErrors === null) {
              vErrors = [err5]
            } else {
              vErrors.push(err5)
            }
            errors++
          }
        }
        if (data0.use !== undefined) {
          let data1 = data0.use
          if (typeof data1 === 'string') {
            if (!pattern34.test(data1)) {
              const err6 = {
                instancePath: instancePath + '/strategy/use',
                schemaPath: '#/properties/strategy/anyOf/1/properties/use/pattern',
                keyword: 'pattern',
                params: {
                  pattern:
                    '^(round-robin|random|least-connections|expected-delay|p2c|peak-ewma|consistent-hash|geo-affinity)$|^\\.{0,2}/',
                },
                message:
                  'must match pattern "' +
                  '^(round-robin|random|least-connections|expected-delay|p2c|peak-ewma|consistent-hash|geo-affinity)$|^\\.{0,2}/' +
                  '"',
                schema:
                  '^(round-robin|random|least-connections|expected-delay|p2c|peak-ewma|consistent-hash|geo-affinity)$|^\\.{0,2}/',
                parentSchema: schema40.properties.strategy.anyOf[1].properties.use,
                data: data1,
              }
              if (vErrors === null) {
                vErrors = [err6]
              } else {
                vErrors.push(err6)
              }
              errors++
            }
          } else {
            const err7 = {
              instancePath: instancePath + '/strategy/use',
              schemaPath: '#/properties/strategy/anyOf/1/properties/use/type',
              keyword: 'type',
              params: { type: 'string' },
              message: 'must be string',
              schema: schema40.properties.strategy.anyOf[1].properties.use.type,
              parentSchema: schema40.properties.strategy.anyOf[1].properties.use,
              data: data1,
            }
            if (vErrors === null) {
              vErrors = [err7]
            } else {
              vErrors.push(err7)
            }
            errors++
          }
        }
      } else {
        const err8 = {
          instancePath: instancePath + '/strategy',
          schemaPath: '#/properties/strategy/anyOf/1/type',
          keyword: 'type',
          params: { type: 'object' },
          message: 'must be object',
          schema: schema40.properties.strategy.anyOf[1].type,
          parentSchema: schema40.properties.strategy.anyOf[1],
          data: data0,
        }
        if (vErrors === null) {
          vErrors = [err8]
        } else {
          vErrors.push(err8)
        }
        errors++
      }
      var _valid0 = _errs6 === errors
      valid1 = valid1 || _valid0
      if (!valid1) {
        const err9 = {
          instancePath: instancePath + '/strategy',
          schemaPath: '#/properties/strategy/anyOf',
          keyword: 'anyOf',
          params: {},
          message: 'must match a schema in anyOf',
          schema: schema40.properties.strategy.anyOf,
          parentSchema: schema40.properties.strategy,
          data: data0,
        }
        if (vErrors === null) {
          vErrors = [err9]
        } else {
          vErrors.push(err9)
        }
        errors++
      } else {
        errors = _errs3
        if (vErrors !== null) {
          if (_errs3) {
            vErrors.length = _errs3
          } else {
            vErrors = null
          }
        }
      }
    }
  } else {
    const err10 = {
      instancePath,
      schemaPath: '#/type',
      keyword: 'type',
      params: { type: 'object' },
      message: 'must be object',
      schema: schema40.type,
      parentSchema: schema40,
      data,
    }
    if (vErrors === null) {
      vErrors = [err10]
    } else {
      vErrors.push(err10)
    }
    errors++
  }
  validate29.errors = vErrors
  return errors === 0
}
validate29.evaluated = { props: true, dynamicProps: false, dynamicItems: false }

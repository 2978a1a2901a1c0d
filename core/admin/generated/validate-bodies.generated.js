// Written by scripts/generate.ts from core/admin/body-schemas.ts; do not edit.
'use strict'
export const addBackend = validate20
const schema31 = {
  title: 'backend',
  description: 'A URL, or an object with one.',
  anyOf: [
    {
      title: 'backend URL',
      description: 'Where the backend listens.',
      type: 'string',
      pattern: '^(http://|unix:/)',
      examples: ['http://10.0.0.1:8080', 'http://[::1]:8080', 'unix:/run/app.sock'],
    },
    {
      title: 'object',
      description: 'A backend with more to say about it.',
      type: 'object',
      properties: {
        url: {
          title: 'backend URL',
          description: 'Where the backend listens: `http://host:port` (80 when absent) or `unix:/path`.',
          type: 'string',
          pattern: '^(http://|unix:/)',
          examples: ['http://10.0.0.1:8080', 'http://[::1]:8080', 'unix:/run/app.sock'],
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
const pattern4 = new RegExp('^(http://|unix:/)', 'u')
const pattern6 = new RegExp('^[\\x20-\\x7e]{1,64}$', 'u')
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
  const _errs0 = errors
  let valid0 = false
  const _errs1 = errors
  if (typeof data === 'string') {
    if (!pattern4.test(data)) {
      const err0 = {
        instancePath,
        schemaPath: '#/anyOf/0/pattern',
        keyword: 'pattern',
        params: { pattern: '^(http://|unix:/)' },
        message: 'must match pattern "' + '^(http://|unix:/)' + '"',
        schema: '^(http://|unix:/)',
        parentSchema: schema31.anyOf[0],
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
      schema: schema31.anyOf[0].type,
      parentSchema: schema31.anyOf[0],
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
        schema: schema31.anyOf[1].required,
        parentSchema: schema31.anyOf[1],
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
          parentSchema: schema31.anyOf[1],
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
        if (!pattern4.test(data0)) {
          const err4 = {
            instancePath: instancePath + '/url',
            schemaPath: '#/anyOf/1/properties/url/pattern',
            keyword: 'pattern',
            params: { pattern: '^(http://|unix:/)' },
            message: 'must match pattern "' + '^(http://|unix:/)' + '"',
            schema: '^(http://|unix:/)',
            parentSchema: schema31.anyOf[1].properties.url,
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
          schema: schema31.anyOf[1].properties.url.type,
          parentSchema: schema31.anyOf[1].properties.url,
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
            parentSchema: schema31.anyOf[1].properties.weight,
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
            parentSchema: schema31.anyOf[1].properties.weight,
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
          schema: schema31.anyOf[1].properties.weight.type,
          parentSchema: schema31.anyOf[1].properties.weight,
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
          schema: schema31.anyOf[1].properties.tier.type,
          parentSchema: schema31.anyOf[1].properties.tier,
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
            parentSchema: schema31.anyOf[1].properties.tier,
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
            parentSchema: schema31.anyOf[1].properties.tier,
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
          schema: schema31.anyOf[1].properties.maxInflight.type,
          parentSchema: schema31.anyOf[1].properties.maxInflight,
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
            parentSchema: schema31.anyOf[1].properties.maxInflight,
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
            parentSchema: schema31.anyOf[1].properties.maxInflight,
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
        if (!pattern6.test(data4)) {
          const err15 = {
            instancePath: instancePath + '/zone',
            schemaPath: '#/anyOf/1/properties/zone/pattern',
            keyword: 'pattern',
            params: { pattern: '^[\\x20-\\x7e]{1,64}$' },
            message: 'must match pattern "' + '^[\\x20-\\x7e]{1,64}$' + '"',
            schema: '^[\\x20-\\x7e]{1,64}$',
            parentSchema: schema31.anyOf[1].properties.zone,
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
          schema: schema31.anyOf[1].properties.zone.type,
          parentSchema: schema31.anyOf[1].properties.zone,
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
            schema: schema31.anyOf[1].properties.place.required,
            parentSchema: schema31.anyOf[1].properties.place,
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
            schema: schema31.anyOf[1].properties.place.required,
            parentSchema: schema31.anyOf[1].properties.place,
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
              parentSchema: schema31.anyOf[1].properties.place,
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
                parentSchema: schema31.anyOf[1].properties.place.properties.latitude,
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
                parentSchema: schema31.anyOf[1].properties.place.properties.latitude,
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
              schema: schema31.anyOf[1].properties.place.properties.latitude.type,
              parentSchema: schema31.anyOf[1].properties.place.properties.latitude,
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
                parentSchema: schema31.anyOf[1].properties.place.properties.longitude,
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
                parentSchema: schema31.anyOf[1].properties.place.properties.longitude,
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
              schema: schema31.anyOf[1].properties.place.properties.longitude.type,
              parentSchema: schema31.anyOf[1].properties.place.properties.longitude,
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
          schema: schema31.anyOf[1].properties.place.type,
          parentSchema: schema31.anyOf[1].properties.place,
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
          schema: schema31.anyOf[1].properties.drain.type,
          parentSchema: schema31.anyOf[1].properties.drain,
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
      schema: schema31.anyOf[1].type,
      parentSchema: schema31.anyOf[1],
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
      schema: schema31.anyOf,
      parentSchema: schema31,
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
  validate20.errors = vErrors
  evaluated0.props = props0
  return errors === 0
}
validate20.evaluated = { dynamicProps: true, dynamicItems: false }
export const updateBackend = validate21
const schema32 = {
  title: 'object',
  description: 'What changes of a backend; at least one of the keys.',
  examples: [{ weight: 2 }, { drain: true }, { weight: 1, state: 'active' }],
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
    if (Object.keys(data).length < 1) {
      const err0 = {
        instancePath,
        schemaPath: '#/minProperties',
        keyword: 'minProperties',
        params: { limit: 1 },
        message: 'must NOT have fewer than 1 properties',
        schema: 1,
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
      if (!(key0 === 'weight' || key0 === 'state' || key0 === 'drain')) {
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
            parentSchema: schema32.properties.weight,
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
            parentSchema: schema32.properties.weight,
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
          schema: schema32.properties.weight.type,
          parentSchema: schema32.properties.weight,
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
    if (data.state !== undefined) {
      let data1 = data.state
      if (!(data1 === 'active' || data1 === 'draining')) {
        const err5 = {
          instancePath: instancePath + '/state',
          schemaPath: '#/properties/state/enum',
          keyword: 'enum',
          params: { allowedValues: schema32.properties.state.enum },
          message: 'must be equal to one of the allowed values',
          schema: schema32.properties.state.enum,
          parentSchema: schema32.properties.state,
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
    if (data.drain !== undefined) {
      let data2 = data.drain
      if (typeof data2 !== 'boolean') {
        const err6 = {
          instancePath: instancePath + '/drain',
          schemaPath: '#/properties/drain/type',
          keyword: 'type',
          params: { type: 'boolean' },
          message: 'must be boolean',
          schema: schema32.properties.drain.type,
          parentSchema: schema32.properties.drain,
          data: data2,
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
      schema: schema32.type,
      parentSchema: schema32,
      data,
    }
    if (vErrors === null) {
      vErrors = [err7]
    } else {
      vErrors.push(err7)
    }
    errors++
  }
  validate21.errors = vErrors
  return errors === 0
}
validate21.evaluated = { props: true, dynamicProps: false, dynamicItems: false }
export const updatePool = validate22
const schema33 = {
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
const pattern7 = new RegExp(
  '^(round-robin|random|least-connections|expected-delay|p2c|peak-ewma|consistent-hash|geo-affinity)$|^\\.{0,2}/',
  'u',
)
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
    if (data.strategy === undefined) {
      const err0 = {
        instancePath,
        schemaPath: '#/required',
        keyword: 'required',
        params: { missingProperty: 'strategy' },
        message: "must have required property '" + 'strategy' + "'",
        schema: schema33.required,
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
      if (!(key0 === 'strategy')) {
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
    if (data.strategy !== undefined) {
      let data0 = data.strategy
      const _errs3 = errors
      let valid1 = false
      const _errs4 = errors
      if (typeof data0 === 'string') {
        if (!pattern7.test(data0)) {
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
            parentSchema: schema33.properties.strategy.anyOf[0],
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
          schema: schema33.properties.strategy.anyOf[0].type,
          parentSchema: schema33.properties.strategy.anyOf[0],
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
            schema: schema33.properties.strategy.anyOf[1].required,
            parentSchema: schema33.properties.strategy.anyOf[1],
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
              parentSchema: schema33.properties.strategy.anyOf[1],
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
            if (!pattern7.test(data1)) {
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
                parentSchema: schema33.properties.strategy.anyOf[1].properties.use,
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
              schema: schema33.properties.strategy.anyOf[1].properties.use.type,
              parentSchema: schema33.properties.strategy.anyOf[1].properties.use,
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
          schema: schema33.properties.strategy.anyOf[1].type,
          parentSchema: schema33.properties.strategy.anyOf[1],
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
          schema: schema33.properties.strategy.anyOf,
          parentSchema: schema33.properties.strategy,
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
      schema: schema33.type,
      parentSchema: schema33,
      data,
    }
    if (vErrors === null) {
      vErrors = [err10]
    } else {
      vErrors.push(err10)
    }
    errors++
  }
  validate22.errors = vErrors
  return errors === 0
}
validate22.evaluated = { props: true, dynamicProps: false, dynamicItems: false }

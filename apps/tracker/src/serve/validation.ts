import { StandardSchemaValidationPipe } from '@nestjs/common'
import { TrackerError } from '../problem.js'

/** Checks what comes in against the schema at its parameter; what is wrong is told attribute by attribute. */
export function validationPipe(): StandardSchemaValidationPipe {
  return new StandardSchemaValidationPipe({
    exceptionFactory: (issues) => {
      const errors = issues.slice(0, 20).map(({ path, message }) => {
        const attribute = path?.map((segment) => String(typeof segment === 'object' ? segment.key : segment)).join('.')
        return { ...(attribute === undefined || attribute === '' ? {} : { attribute }), message }
      })
      const [first] = errors
      const where = first?.attribute === undefined ? '' : `${first.attribute}: `
      return new TrackerError('invalidRequest', 400, `The request is not valid. ${where}${first?.message ?? ''}`.trim(), errors)
    },
  })
}

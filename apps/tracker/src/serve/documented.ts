/** What every route says of itself in /openapi.json, from the same schemas that it validates with. */
import { Problem, pageOf } from '@tidemark/api'
import { applyDecorators } from '@nestjs/common'
import { ApiOperation, ApiResponse } from '@nestjs/swagger'
import type { z } from 'zod'

const ProblemAnswer = Problem.meta({ description: 'application/problem+json (RFC 9457)' })

/** 200 with a schema; errors are problems everywhere. */
export function Answers(summary: string, schema: z.ZodType, ...others: readonly { status: number; description: string; schema?: z.ZodType }[]) {
  return applyDecorators(
    ApiOperation({ summary }),
    ApiResponse({ status: 200, description: 'OK', standardSchema: schema }),
    ...others.map(({ status, description, schema: other }) => ApiResponse({ status, description, standardSchema: other ?? schema })),
    ApiResponse({ status: '4XX', description: 'The request was wrong: `detail` says what to do.', standardSchema: ProblemAnswer }),
    ApiResponse({ status: '5XX', description: 'The tracker cannot answer now.', standardSchema: ProblemAnswer }),
  )
}

/** 200 with a page `{items, nextCursor}` of the schema. */
export function AnswersPage(summary: string, item: z.ZodType) {
  return Answers(summary, pageOf(item))
}

/** What a person does: 200 once it is folded, 202 while it is not, 409 where the status does not allow it. */
export function ByAPerson(summary: string, schema: z.ZodType) {
  return Answers(summary, schema,
    { status: 202, description: 'In the log, not folded yet: see `location`.' },
    { status: 409, description: 'Its status does not allow it.', schema: ProblemAnswer })
}

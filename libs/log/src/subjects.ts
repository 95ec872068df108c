/**
 * Subjects are dotted names (`event.order.placed`); patterns are the wildcards of NATS: `*` stands for one token, `>` for one or
 * more at the end. The rules are those of a NATS server, so that a log in files and a log in JetStream take the same names.
 */
import { LogError } from './log.js'

/** Bytes of UTF-8. Long enough for any event type seen, short enough to stand in every frame. */
export const MAX_SUBJECT_BYTES = 255
/** Patterns per read. */
const MAX_PATTERNS = 256

export type SubjectMatcher = (subject: string) => boolean

/** Why a subject cannot be appended under, or undefined where it can. */
export function subjectFault(subject: string): string | undefined {
  if (subject === '') return 'it is empty'
  if (Buffer.byteLength(subject) > MAX_SUBJECT_BYTES) return `it is longer than ${MAX_SUBJECT_BYTES} bytes`
  if (!subject.isWellFormed()) return 'it is not well-formed text'
  for (const token of subject.split('.')) {
    if (token === '') return 'it has an empty token (two dots in a row, or a dot at an end)'
    if (token === '*' || token === '>') return `its token '${token}' is a wildcard`
    // eslint-disable-next-line no-control-regex
    if (/[\s\u0000-\u001f\u007f]/u.test(token)) return 'it has white space or a control character'
  }
  return undefined
}

/**
 * A subject for a name that may be anything, such as an event type from outside: what a subject cannot hold becomes `_`, what is too
 * long is cut. Two names may come out the same: a subject is for filtering, what was really said stands in the payload.
 */
export function subjectFor(prefix: string, name: string): string {
  const tokens = name.toWellFormed().split('.').map((token) => {
    // eslint-disable-next-line no-control-regex
    const clean = token.replace(/[\s\u0000-\u001f\u007f]/gu, '_')
    return clean === '' || clean === '*' || clean === '>' ? '_' : clean
  })
  const subject = `${prefix}.${tokens.join('.')}`
  if (Buffer.byteLength(subject) <= MAX_SUBJECT_BYTES) return subject
  // A character that the cut went through comes out as U+FFFD, which takes up to three bytes: hence the second step.
  const cut = Buffer.from(subject).subarray(0, MAX_SUBJECT_BYTES - 3).toString().replace(/\ufffd+$/u, '')
  return cut.replace(/\.+$/u, '')
}

/** Whether a subject matches any of the patterns. Absent: every subject does. */
export function matchSubjects(patterns: readonly string[] | undefined): SubjectMatcher {
  if (patterns === undefined) return () => true
  if (patterns.length > MAX_PATTERNS) throw new LogError('invalid', `A read takes at most ${MAX_PATTERNS} subject patterns.`)
  const matchers = patterns.map(matchOne)
  return (subject) => matchers.some((matches) => matches(subject))
}

function matchOne(pattern: string): SubjectMatcher {
  const wanted = pattern.split('.')
  if (wanted.includes('') || wanted.slice(0, -1).includes('>')) {
    throw new LogError('invalid', `'${pattern}' is not a subject pattern: tokens must not be empty, and '>' may only stand at the end.`)
  }
  if (!wanted.includes('*') && !wanted.includes('>')) return (subject) => subject === pattern
  const rest = wanted.at(-1) === '>'
  const fixed = rest ? wanted.slice(0, -1) : wanted
  return (subject) => {
    const tokens = subject.split('.')
    if (rest ? tokens.length <= fixed.length : tokens.length !== fixed.length) return false
    return fixed.every((token, i) => token === '*' || token === tokens[i])
  }
}

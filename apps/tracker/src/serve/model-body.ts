import { TrackerError } from '../problem.js'

/** A model as it was posted: the file, with the side mapping in YAML or JSON and the decision where there are any. */
export interface ModelBody {
  readonly file: string | Uint8Array
  readonly mapping?: string
  /** A DMN file that says what becomes of events without an instance. */
  readonly decision?: string
}

/** Reads what came as XML, as multipart/form-data with `model`, `mapping` and `decision`, or as JSON `{xml, mapping, decision}`. */
export async function readModelBody(contentType: string, body: unknown): Promise<ModelBody> {
  const mediaType = contentType.split(';')[0]!.trim().toLowerCase()
  if (mediaType === 'multipart/form-data') return fromForm(contentType, body)
  if (mediaType === 'application/json') return fromJson(body)
  if (body instanceof Uint8Array && body.length > 0) return { file: body }
  if (typeof body === 'string' && body !== '') return { file: body }
  throw refused('There is no model in the request: send the BPMN file as its body, with content type application/xml.')
}

async function fromForm(contentType: string, body: unknown): Promise<ModelBody> {
  const form = await parseForm(contentType, body)
  const model = form.get('model')
  if (model === null) throw refused('The form has no field `model`: put the BPMN file there.')
  const file = typeof model === 'string' ? model : new Uint8Array(await model.arrayBuffer())
  return { file, ...(await textOf('mapping', form)), ...(await textOf('decision', form)) }
}

async function textOf<Name extends string>(name: Name, form: FormData): Promise<{ [key in Name]?: string }> {
  const field = form.get(name)
  const text = field === null || typeof field === 'string' ? field : await field.text()
  return (text === null || text.trim() === '' ? {} : { [name]: text }) as { [key in Name]?: string }
}

/** Node's own parser of forms is the one of fetch's Response. The size was bounded when the body was read. */
async function parseForm(contentType: string, body: unknown): Promise<FormData> {
  try {
    return await new Response(body as Uint8Array<ArrayBuffer>, { headers: { 'content-type': contentType } }).formData()
  } catch (cause) {
    throw new TrackerError('invalidRequest', 400, 'The form cannot be read: it is cut, or its boundary does not match the content type.', undefined, { cause })
  }
}

function fromJson(body: unknown): ModelBody {
  const { xml, mapping, decision } = (typeof body === 'object' && body !== null ? body : {}) as { xml?: unknown; mapping?: unknown; decision?: unknown }
  if (typeof xml !== 'string' || xml === '') throw refused('The JSON has no `xml`: put the text of the BPMN file there.')
  if (decision !== undefined && decision !== null && typeof decision !== 'string') throw refused('`decision` of the JSON must be the text of a DMN file.')
  return {
    file: xml,
    ...(mapping === undefined || mapping === null || mapping === '' ? {} : { mapping: typeof mapping === 'string' ? mapping : JSON.stringify(mapping) }),
    ...(typeof decision !== 'string' || decision === '' ? {} : { decision }),
  }
}

function refused(detail: string): TrackerError {
  return new TrackerError('invalidRequest', 400, detail)
}

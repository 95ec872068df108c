import type { ModelSummary, Page } from '@tidemark/api'
import type { Log } from '@tidemark/log'
import type { Database } from '../store/database.js'
import { readModel, readModelCounts, readModels, readSource } from '../store/read/models.js'
import type { ModelVersionRow, SourceRow } from '../store/read/models.js'
import { readTriedModel } from '../store/shadow/job.js'
import { cursorPart, decodeCursor, pageOfRows } from './cursor.js'
import { found } from './not-found.js'
import { showModel } from './show-model.js'

/** A page of what is deployed, by id. */
export async function listModels(db: Database, log: Log, query: { cursor?: string | undefined; limit: number }): Promise<Page<ModelSummary>> {
  const after = query.cursor === undefined ? undefined : decodeCursor(query.cursor, [cursorPart.text])[0]
  const groups = grouped(await readModels(db, after, query.limit + 1))
  const counts = await readModelCounts(db, groups.map((versions) => versions[0]!.model))
  const countsOf = new Map(counts.map((row) => [row.model, row]))
  const head = log.stats().last
  const tried = await readTriedModel(db)
  return pageOfRows(groups, query.limit,
    (versions) => withTrial(showModel(versions, countsOf.get(versions[0]!.model), head), tried), (versions) => [versions[0]!.model])
}

export async function findModel(db: Database, log: Log, id: string): Promise<ModelSummary> {
  const versions = await readModel(db, id)
  found(versions[0], 'model', id, '/api/v1/models')
  const [counts] = await readModelCounts(db, [id])
  return withTrial(showModel(versions, counts, log.stats().last), await readTriedModel(db))
}

function withTrial(model: ModelSummary, tried: string | undefined): ModelSummary {
  return model.id === tried ? { ...model, isTried: true } : model
}

/** The file of one version, as a viewer shows it. */
export async function findSource(db: Database, model: string, version: number): Promise<SourceRow> {
  return found(await readSource(db, model, version), 'model', `${model}, version ${version}`, '/api/v1/models')
}

function grouped(rows: readonly ModelVersionRow[]): ModelVersionRow[][] {
  const groups = new Map<string, ModelVersionRow[]>()
  for (const row of rows) {
    const group = groups.get(row.model)
    if (group === undefined) groups.set(row.model, [row])
    else group.push(row)
  }
  return [...groups.values()]
}

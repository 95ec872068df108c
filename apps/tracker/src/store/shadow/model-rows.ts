/**
 * All that is told of the instances of one model: deleted, and taken from the same tables of another schema. Alerts themselves stay (people have
 * said things of them), who has a cause of them is exchanged; what was dropped for its age stays dropped.
 */
import type { Queryable } from '../database.js'

/** Tables whose rows say their model and their shard. */
const BY_SHARD: readonly string[] = ['instance', 'token', 'faulted_unit', 'command', 'model_count', 'element_count', 'flow_count', 'element_duration']
/** What is said of keys and of events that belong to no instance: by model alone. */
const BY_MODEL: readonly string[] = ['instance_key', 'waiting_event', 'event_fate']

/**
 * @param shards absent: all. Where only some are told again, by one of several trackers, what is said of events without an instance stays until it is
 * said anew.
 */
export async function deleteModelRows(tx: Queryable, model: string, shards?: readonly number[]): Promise<void> {
  const params = [model, shards ?? null]
  const ours = (table: string) => `${table}.model = $1 and ($2::int[] is null or ${table}.shard = any($2::int[]))`
  await tx.query(
    `create temporary table gone_unit on commit drop as
     select unit from instance where ${ours('instance')} union select unit from deadline where ${ours('deadline')} union select unit from faulted_unit where ${ours('faulted_unit')}
     union select unit from instance_event join event_fate using (position) where event_fate.model = $1 and $2::int[] is null and instance_event.instance is null
       and not exists (select 1 from event_fate as other where other.position = event_fate.position and other.model <> $1)
       and not exists (select 1 from instance where instance.unit = instance_event.unit)`, params)
  await tx.query(`create temporary table gone_instance on commit drop as select id from instance where ${ours('instance')}`, params)
  await tx.query(`delete from instance_event using gone_unit where instance_event.unit = gone_unit.unit`)
  await tx.query(`delete from instance_key using gone_unit where instance_key.unit = gone_unit.unit`)
  await tx.query(`delete from deadline using gone_unit where deadline.unit = gone_unit.unit`)
  await tx.query(`delete from deviation using gone_instance where deviation.instance = gone_instance.id`)
  await tx.query(`delete from alert_member using gone_instance where alert_member.instance = gone_instance.id`)
  for (const table of BY_SHARD) await tx.query(`delete from ${table} where ${ours(table)}`, params)
  if (shards === undefined) {
    await tx.query(`delete from alert_member using alert where alert.id = alert_member.alert and alert.model = $1`, [model])
    for (const table of BY_MODEL) await tx.query(`delete from ${table} where model = $1`, [model])
  }
  await tx.query(`drop table gone_unit, gone_instance`)
}

/** From a schema in which nothing but this model was told. */
export async function takeModelRows(tx: Queryable, model: string, schema: string): Promise<void> {
  await tx.query(
    `update ${schema}.command as new set attempts = old.attempts, next_attempt_at = old.next_attempt_at, error = old.error from command as old where old.id = new.id`)
  await deleteModelRows(tx, model)
  for (const table of [...BY_SHARD, ...BY_MODEL]) await tx.query(`insert into ${table} select * from ${schema}.${table} where model = $1`, [model])
  for (const table of ['instance_event', 'deadline', 'deviation']) await tx.query(`insert into ${table} select * from ${schema}.${table} on conflict do nothing`)
  await tx.query(`insert into alert select * from ${schema}.alert where model = $1 on conflict (id) do nothing`, [model])
  await tx.query(
    `insert into alert_member select member.* from ${schema}.alert_member as member join ${schema}.alert on alert.id = member.alert where alert.model = $1`, [model])
}

/** Each shard goes on with the version from where the other schema has brought it, which may be behind others. */
export async function goOnFromShadow(tx: Queryable, model: string, version: number, schema: string): Promise<void> {
  await tx.query(
    `update model_shard as own set status = 'catchingUp', position = told.position from ${schema}.shard as told where own.model = $1 and own.version = $2 and told.id = own.shard`, [model, version])
  // Whoever holds the shards as they were can commit nothing any more.
  await tx.query(`update shard set epoch = epoch + 1, commits = commits + 1`)
}

/** All shards have come to the entry that deploys it, and wait for the swap. */
export async function waitsForSwap(db: Queryable, model: string, version: number, hash: string): Promise<boolean> {
  const [row] = await db.query<{ waits: boolean }>(
    `select (select count(*) from model_shard where model = $1 and version = $2 and status = 'suspended' and position = 0) = (select count(*) from shard) as waits
     from model_version where model = $1 and version = $2 and hash = $3`, [model, version, hash])
  return row?.waits === true
}

/** What waits for a swap that will not be is told again where it is shown. False where nothing does. */
export async function tellInPlace(tx: Queryable, model: string, hash: string): Promise<boolean> {
  const rows = await tx.query(
    `update model_shard as own set status = 'catchingUp' from model_version as whole
     where whole.model = own.model and whole.version = own.version and own.model = $1 and whole.hash = $2 and own.status = 'suspended' and own.position = 0 returning own.shard`, [model, hash])
  if (rows.length > 0) await tx.query(`update shard set epoch = epoch + 1, commits = commits + 1`)
  return rows.length > 0
}

/**
 * Times are epoch milliseconds (bigint) of the domain clock, positions bigint, identities uuids that are hashes (never counters, so that a
 * rebuild gives the same bytes). `unit` is hash(model, primary key): everything that is folded together. See docs/ARCHITECTURE.md.
 */
export const initial = {
  id: '0001-initial',
  statements: [
    `create table setting (name text primary key, value text not null)`,

    `create table shard (
      id int primary key,
      epoch bigint not null default 0,
      owner text,
      lease_until timestamptz,
      position bigint not null default 0,
      clock bigint not null default 0,
      log_identity text not null,
      checksum text not null default ''
    )`,

    `create table model_version (
      model text not null,
      version int not null,
      name text not null,
      hash text not null,
      xml text not null,
      mapping text,
      process jsonb not null,
      findings jsonb not null,
      mode text not null,
      status text not null check (status in ('catchingUp', 'active', 'suspended')),
      position bigint not null,
      deployed_position bigint not null,
      deployed_at bigint not null,
      in_force_from bigint not null,
      primary key (model, version)
    )`,

    `create table instance (
      id uuid primary key,
      unit uuid not null,
      run int not null,
      shard int not null,
      model text not null,
      version int not null,
      key text not null,
      former_ids uuid[] not null default '{}',
      status text not null check (status in ('active', 'completed', 'terminated')),
      stuck boolean not null default false,
      late boolean not null default false,
      deviations int not null default 0,
      settling boolean not null default false,
      approximate boolean not null default false,
      started_at bigint not null,
      last_event_at bigint not null,
      ended_at bigint,
      shown_at bigint not null,
      position bigint not null,
      tokens jsonb not null,
      variables jsonb not null
    ) with (fillfactor = 70)`,
    `create index instance_unit on instance (unit, run)`,
    `create index instance_list on instance (started_at desc, id desc)`,
    `create index instance_model on instance (model, started_at desc, id desc)`,
    `create index instance_stuck on instance (model, started_at desc, id desc) where stuck`,
    `create index instance_late on instance (model, started_at desc, id desc) where late`,
    `create index instance_deviating on instance (model, started_at desc, id desc) where deviations > 0`,
    `create index instance_terminated on instance (model, started_at desc, id desc) where status = 'terminated'`,
    `create index instance_former on instance using gin (former_ids) where former_ids <> '{}'`,

    // What was extracted from each entry of a unit: all that is needed to fold it again.
    `create table instance_event (
      unit uuid not null,
      position bigint not null,
      kind text not null check (kind in ('event', 'left', 'settled', 'operation')),
      time bigint not null,
      append_time bigint not null,
      source text not null,
      event_id text not null,
      type text not null,
      sequence text,
      content_hash text not null,
      labels json not null,
      patch json,
      instance uuid,
      element text,
      phase text,
      reading text,
      primary key (unit, position)
    )`,
    `create index instance_event_position on instance_event (position)`,

    `create table token (
      instance uuid not null,
      element text not null,
      n int not null,
      shard int not null,
      model text not null,
      version int not null,
      since bigint not null,
      stuck boolean not null default false,
      late boolean not null default false,
      primary key (instance, element, n)
    ) with (fillfactor = 70)`,
    `create index token_waiting on token (model, element, since, instance)`,

    // The next moment at which what is shown of a unit may change by itself.
    `create table deadline (unit uuid primary key, shard int not null, at bigint not null) with (fillfactor = 70)`,
    `create index deadline_at on deadline (at, unit)`,

    `create table deviation (
      instance uuid not null,
      kind text not null,
      element text not null,
      at bigint not null,
      count int not null,
      provisional boolean not null,
      accepted boolean not null,
      primary key (instance, kind, element)
    )`,
    `create index deviation_kind on deviation (kind, element, instance)`,

    `create table instance_key (
      model text not null,
      name text not null,
      value text not null,
      unit uuid not null,
      primary_key text not null,
      learned_at bigint not null,
      primary key (model, name, value, unit)
    )`,
    `create index instance_key_unit on instance_key (unit)`,
    `create index instance_key_value on instance_key (value)`,

    `create table waiting_event (
      model text not null,
      name text not null,
      value text not null,
      position bigint not null,
      fact jsonb not null,
      released_at bigint,
      primary key (model, name, value, position)
    )`,

    // Only what was not tracked.
    `create table event_fate (
      position bigint not null,
      model text not null default '',
      kind text not null check (kind in ('duplicate', 'waiting', 'ignored', 'quarantined')),
      reason text not null,
      primary key (position, model)
    )`,
    `create index event_fate_kind on event_fate (kind, position)`,

    `create table event_type (
      shard int not null, type text not null, count bigint not null, first_seen bigint not null, last_seen bigint not null,
      primary key (shard, type)
    )`,

    // Counters have the shard in their key and are summed on read.
    `create table model_count (
      shard int not null, model text not null, version int not null,
      active bigint not null default 0, completed bigint not null default 0, terminated bigint not null default 0,
      stuck bigint not null default 0, late bigint not null default 0, deviating bigint not null default 0,
      last_event_at bigint not null default 0,
      primary key (shard, model, version)
    )`,
    `create table element_count (
      shard int not null, model text not null, version int not null, element text not null,
      tokens bigint not null default 0, stuck bigint not null default 0, late bigint not null default 0,
      deviating bigint not null default 0, visits bigint not null default 0,
      primary key (shard, model, version, element)
    )`,
    `create table flow_count (
      shard int not null, model text not null, version int not null, flow text not null, count bigint not null default 0,
      primary key (shard, model, version, flow)
    )`,
    // Stays with both ends observed, in fixed logarithmic buckets: bucket b holds durations of 2^(b/4) ms and more.
    `create table element_duration (
      shard int not null, model text not null, version int not null, element text not null, bucket int not null, count bigint not null default 0,
      primary key (shard, model, version, element, bucket)
    )`,

    `create table alert (
      id uuid primary key,
      kind text not null,
      severity text not null,
      model text not null,
      element text not null default '',
      title text not null,
      status text not null check (status in ('quiet', 'open', 'acknowledged', 'resolved')),
      episode int not null default 0,
      total bigint not null default 0,
      opened_at bigint, last_at bigint,
      acknowledged_at bigint, acknowledged_by text, resolved_at bigint, resolved_by text, comment text
    )`,
    `create index alert_status on alert (status, last_at desc)`,
    // Which instances have the cause now. Silent members (history imported late) are shown and counted, but open nothing.
    `create table alert_member (
      alert uuid not null,
      instance uuid not null,
      since bigint not null,
      joined_at bigint not null,
      silent boolean not null,
      primary key (alert, instance)
    )`,
    `create index alert_member_instance on alert_member (instance)`,
    `create index alert_member_joined on alert_member (alert, joined_at) where not silent`,
    // What is sent about alerts: one row per alert, episode, channel and change.
    `create table alert_delivery (
      id uuid primary key,
      alert uuid not null,
      channel text not null,
      change text not null,
      payload jsonb not null,
      status text not null check (status in ('pending', 'delivered', 'failed', 'dead')),
      attempts int not null default 0,
      next_attempt_at timestamptz not null default now(),
      error text,
      at bigint not null
    )`,
    `create index alert_delivery_alert on alert_delivery (alert, at desc)`,
    `create index alert_delivery_pending on alert_delivery (next_attempt_at) where status in ('pending', 'failed')`,

    `create table command (
      id uuid primary key,
      unit uuid not null,
      instance uuid not null,
      shard int not null,
      model text not null,
      version int not null,
      key text not null,
      element text not null,
      cause text not null,
      type text not null,
      target text,
      data jsonb not null,
      status text not null,
      decided_at bigint not null,
      leaves_at bigint,
      left_at bigint,
      delivered_at bigint,
      position bigint not null default 0,
      attempts int not null default 0,
      next_attempt_at timestamptz not null default now(),
      error text,
      note text
    )`,
    `create index command_status on command (status, decided_at desc, id)`,
    `create index command_model on command (model, status, decided_at desc, id)`,
    `create index command_instance on command (instance)`,
    `create index command_leaving on command (leaves_at) where status = 'scheduled'`,
    `create index command_sending on command (next_attempt_at) where status in ('sending', 'failed')`,

    // What people did, and jobs: progress that survives a restart.
    `create table operation (
      position bigint primary key, op text not null, target text not null, actor text not null, at bigint not null, comment text, outcome text not null
    )`,
    `create table job (
      id uuid primary key, kind text not null, status text not null, done bigint not null, total bigint, started_at bigint not null, updated_at bigint not null,
      detail jsonb not null default '{}'
    )`,
  ],
}

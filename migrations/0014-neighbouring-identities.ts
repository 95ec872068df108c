/**
 * Units, instances and commands have other identities than before, those of neighbouring keys beside each other (docs/decisions/0034). What was
 * stored under the ones before cannot be found under these, so that a database that holds any is left as it is.
 */
const HOLD_IDENTITIES = ['instance', 'instance_event', 'instance_key', 'deadline', 'command', 'faulted_unit', 'dropped_unit']

export const neighbouringIdentities = {
  id: '0014-neighbouring-identities',
  takesNothingOver: true,
  statements: [
    `do $$ begin
      if ${HOLD_IDENTITIES.map((table) => `exists (select from ${table})`).join(' or ')} then
        raise exception using errcode = 'TM001', message = 'This database was filled by a build from before the first release, whose instances have other identities. Begin with an empty database beside the same log: all that the log holds is followed again. Where the log was trimmed, go on with that build.';
      end if;
    end $$`,
  ],
}

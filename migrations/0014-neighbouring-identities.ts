/**
 * Units, instances and commands have other identities than before, those of neighbouring keys beside each other (docs/decisions/0034). What was
 * stored, told and sent under the ones before cannot be found under these, so that a database that holds any is left as it is.
 */
export const neighbouringIdentities = {
  id: '0014-neighbouring-identities',
  statements: [
    `do $$ begin
      if exists (select from instance_event) or exists (select from instance_key) then
        raise exception 'This database was filled by a build from before the first release, whose instances have other identities. Go on with that build, or begin with an empty database: everything that the log holds is followed again, and commands are decided anew.';
      end if;
    end $$`,
  ],
}

/**
 * A deviation of what is followed item by item says its item, so that what two items lack at one element are two rows. '' is of the instance
 * itself, or of an item that no event names: one value and not null, since it is part of the key.
 */
export const itemsOfDeviations = {
  id: '0010-items-of-deviations',
  statements: [
    `alter table deviation add column item text not null default ''`,
    `alter table deviation drop constraint deviation_pkey, add primary key (instance, kind, element, item)`,
  ],
}

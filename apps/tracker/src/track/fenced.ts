/** A commit that touched no row, because somebody else owns one of the shards now. */
export class Fenced extends Error {}

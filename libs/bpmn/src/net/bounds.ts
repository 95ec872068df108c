/** Parallel instances of one activity that are told apart; more than this at the same time are as many as this. */
export const MAX_PARALLEL_INSTANCES = 64

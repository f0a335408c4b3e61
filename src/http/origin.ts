/** Who makes a change: a key, as it was named then, or somebody at the command line. */
export type Actor = { type: 'api_key'; id: string; name: string } | { type: 'cli' };

/** Where a change comes from, for the history. */
export interface Origin {
  actor: Actor;
  /** X-Request-Id of the answer. */
  requestId?: string;
}

export const COMMAND_LINE: Origin = { actor: { type: 'cli' } };

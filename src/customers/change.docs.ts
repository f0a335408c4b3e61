/** Headers that tell of an answer to a change what was special about its request. */
export const TELLING = {
  'Idempotent-Replayed': {
    description: 'The request was carried out before, and this is the answer of then',
    schema: { type: 'string' as const, enum: ['true'] },
  },
  'Dry-Run': { description: 'Nothing was stored', schema: { type: 'string' as const, enum: ['true'] } },
};

export const CONFLICT = {
  status: 409,
  description: 'The email is taken, or a request with this Idempotency-Key is still in progress',
};

export type Json = string | number | boolean | null | Json[] | { [member: string]: Json };

/** A patch of RFC 7396; what is undefined counts as absent. */
export type Patch = Json | undefined | { [member: string]: Patch };

/**
 * Merges a patch into a JSON value (RFC 7396, section 2): an absent member stays, null removes, objects merge member by
 * member, anything else replaces. Pure: neither argument is touched, and the result may share parts with both.
 */
export function mergePatch(target: Json, patch: Exclude<Patch, undefined>): Json {
  if (!isObject(patch)) return patch as Json;
  const members = new Map<string, Json>(isObject(target) ? Object.entries(target) : []);
  for (const [name, value] of Object.entries(patch)) {
    if (value === undefined) continue;
    if (value === null) members.delete(name);
    else members.set(name, mergePatch(members.get(name) ?? null, value));
  }
  return Object.fromEntries(members);
}

function isObject<T extends object>(value: Json | Patch | T): value is T {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

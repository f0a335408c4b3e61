import { uniqueEmail } from './factories';
import { request } from './http';

/** An operation of the OpenAPI document. Tests that walk over all operations miss none. */
export interface Operation {
  method: string;
  /** With its parameters in braces. */
  path: string;
  query: string[];
  headers: string[];
  needs: 'key' | 'portal token' | 'nothing';
  /** The heading under which the pages of the documentation list it. */
  tag: string;
  /** The scope that the key needs. */
  scope?: string;
  /** The schema of the body, if the operation takes one. */
  schema?: Schema;
}

/** The keywords of JSON Schema that tests read. */
export interface Schema {
  properties?: Record<string, Schema>;
  items?: Schema;
  format?: string;
  example?: unknown;
}

/** The names that lead to a member of a body; an item of a list is `0`. */
export type Path = string[];

export async function operationsOf(url: string): Promise<Operation[]> {
  const { body } = await request('GET', `${url}/docs-json`);
  return Object.entries<object>(body.paths).flatMap(([path, methods]) =>
    Object.entries<any>(methods).map(([method, { parameters = [], security, requestBody, tags, ...others }]) => {
      const namesIn = (place: string) =>
        parameters.filter((parameter: any) => parameter.in === place).map(({ name }: any) => name);
      const reference = requestBody?.content['application/json'].schema.$ref;
      const needs = security.length === 0 ? 'nothing' : 'PortalToken' in security[0] ? 'portal token' : 'key';
      const schema = reference && body.components.schemas[reference.split('/').at(-1)];
      const names = { query: namesIn('query'), headers: namesIn('header') };
      return {
        method: method.toUpperCase(),
        path,
        ...names,
        needs,
        tag: tags[0],
        scope: others['x-required-scope'],
        schema,
      };
    }),
  );
}

/** A body that a route takes: the examples of all its members, with ids and version 1 of this customer. */
export function exampleOf(schema: Schema, customerId: string, name = ''): any {
  const { properties, items, format, example } = schema;
  if (properties) {
    return Object.fromEntries(
      Object.entries(properties).map(([name, member]) => [name, exampleOf(member, customerId, name)]),
    );
  }
  if (items?.properties) return [exampleOf(items, customerId)];
  if (format === 'email') return uniqueEmail();
  if (format === 'uuid') return customerId;
  return name === 'version' ? 1 : example;
}

/** Where a body has objects: itself, those that are members, and the first item of a list. */
export function objectsIn(schema: Schema, path: Path = []): Path[] {
  if (schema.items) return objectsIn(schema.items, [...path, '0']);
  if (!schema.properties) return [];
  return [path, ...Object.entries(schema.properties).flatMap(([name, member]) => objectsIn(member, [...path, name]))];
}

/** Every member of a body, at any depth. */
export function membersIn(schema: Schema): Path[] {
  return objectsIn(schema).flatMap((path) =>
    Object.keys(find(schema, path).properties ?? {}).map((name) => [...path, name]),
  );
}

function find(schema: Schema, path: Path): Schema {
  return path.reduce((at, name) => (name === '0' ? at.items : at.properties?.[name]) as Schema, schema);
}

/** The value at a path of a body. */
export function valueAt(body: any, path: Path): any {
  return path.reduce((at, name) => at[name], body);
}

/** A copy of a body with another value at a path. */
export function withValue(body: object, path: Path, value: unknown): any {
  const copy = structuredClone(body);
  valueAt(copy, path.slice(0, -1))[path.at(-1) as string] = value;
  return copy;
}

/** A body as text with one more member in one of its objects. The name may be there already, or be `__proto__`. */
export function textWith(body: object, path: Path, name: string, value: unknown, at: 'start' | 'end' = 'end'): string {
  const [holder, added] = [valueAt(body, path), { '\u{1f489}': value }];
  const changed = at === 'start' ? { ...added, ...holder } : { ...holder, ...added };
  const whole = path.length === 0 ? changed : withValue(body, path, changed);
  return JSON.stringify(whole).replace('"\u{1f489}"', JSON.stringify(name));
}

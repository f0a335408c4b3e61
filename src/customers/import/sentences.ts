import { isObject } from '../../http/validation/validate';
import type { Violation } from '../../http/validation/violations';

/** As much of a value as a report shows. */
const SHOWN = 60;

/**
 * What is wrong with a record, in words for somebody who has the file before them: one thing for each member, by the name
 * that the file has for it.
 */
export function describeViolations(
  violations: readonly Violation[],
  value: unknown,
  labels: ReadonlyMap<string, string> = new Map(),
): string[] {
  const seen = new Set<string>();
  return violations.flatMap((violation) => {
    const { pointer } = violation;
    if (seen.has(pointer)) return [];
    seen.add(pointer);
    const path = pointer.split('/').slice(1);
    const name = path.join('.');
    const label = labels.get(name);
    return describe(violation, label === undefined ? name : JSON.stringify(label), valueAt(value, path));
  });
}

function describe({ code, limit, allowed, suggestion, message }: Violation, name: string, value: unknown): string {
  switch (code) {
    case 'required':
      return `${name} is missing`;
    case 'min_length':
      return `${name} is empty`;
    case 'pattern':
      return `${name} is blank`;
    case 'max_length':
      return `${name} is longer than ${limit} characters`;
    case 'format':
      return value === '' ? `${name} is empty` : `${name} is not an email address: ${shown(value)}`;
    case 'enum':
      return `${name} is neither ${allowed?.filter((text) => text !== null).join(' nor ')}: ${shown(value)}`;
    case 'well_formed':
      return `${name} holds a NUL or half a character`;
    case 'additional_property':
      return `${JSON.stringify(name)} is not known${suggestion === undefined ? '' : ` (did you mean ${suggestion}?)`}`;
    case 'min_properties':
      return 'it has nothing to change';
    default:
      return name === '' ? message.replace('body must be', 'it is no') : message.replace(/^body\S*/, name);
  }
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? '';
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}

function valueAt(value: unknown, path: string[]): unknown {
  return path.reduce((inner, name) => (isObject(inner) ? inner[name] : undefined), value);
}

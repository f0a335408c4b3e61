/** A series of `/metrics`; empty: a metric that is announced, but has had nothing to show yet. */
export interface Series {
  name: string;
  labels: Record<string, string | undefined>;
  isEmpty?: boolean;
}

/** What a query wants of one metric. */
export interface Selector {
  name: string;
  labels: { label: string; fits: (value: string | undefined) => boolean }[];
}

const WORDS = new Set([
  'and',
  'or',
  'unless',
  'by',
  'without',
  'on',
  'ignoring',
  'group_left',
  'group_right',
  'bool',
  'offset',
]);

/** Of the target, not of the process: Prometheus adds them. */
const OF_TARGET = new Set(['job', 'instance']);

/** The series of Prometheus' text format. */
export function readSeries(text: string): Series[] {
  const found = [...text.matchAll(/^([a-z_]+)(?:\{(.*)\})? \S+$/gm)].map(([, name = '', labels = '']) => ({
    name,
    labels: Object.fromEntries([...labels.matchAll(/(\w+)="(.*?)"/g)].map(([, label, value]) => [label, value])),
  }));
  const announced = [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].flatMap(([, name = '', type]) => {
    const names = type === 'histogram' ? ['_bucket', '_sum', '_count'].map((end) => name + end) : [name];
    return names.filter((one) => !found.some((series) => series.name === one));
  });
  return [...found, ...announced.map((name) => ({ name, labels: {}, isEmpty: true }))];
}

/** The metrics that a query in PromQL names, with the labels that they are to have; the rest of its grammar is passed over. */
export function selectorsOf(query: string): Selector[] {
  const rest = query.replaceAll(/\b(by|without|on|ignoring)\s*\([^)]*\)/g, '').replaceAll(/\[[^\]]*\]/g, '');
  return [...rest.matchAll(/\b([a-z_]\w*)\b(?!\s*\()(?:\s*\{([^}]*)\})?/g)]
    .filter(([, name = '']) => !WORDS.has(name) && !/^e\d+$/.test(name))
    .map(([, name = '', labels = '']) => ({
      name,
      labels: [...labels.matchAll(/(\w+)\s*(=~|=)\s*"(.*?)"/g)].flatMap(([, label = '', operator, value = '']) =>
        OF_TARGET.has(label) ? [] : [{ label, fits: matcher(operator === '=', value) }],
      ),
    }));
}

/** A pattern may well ask for what has not happened, such as a 503: there, having the label is enough. */
function matcher(isExact: boolean, wanted: string): (value: string | undefined) => boolean {
  return (value) => (isExact ? value === wanted : value !== undefined);
}

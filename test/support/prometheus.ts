/** A series of `/metrics`. It is empty when the metric is announced, but has no value yet. */
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

/** Labels that Prometheus adds, and the process does not know. */
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

/** The metrics that a query in PromQL names, with the labels that it asks for. The rest of the query is ignored. */
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

/** A pattern may ask for what has not happened yet, such as a 503: then it is enough that the label exists. */
function matcher(isExact: boolean, wanted: string): (value: string | undefined) => boolean {
  return (value) => (isExact ? value === wanted : value !== undefined);
}

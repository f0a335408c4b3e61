/** One range of an Accept header: a type, of which either part may be `*`, and how welcome it is. */
interface MediaRange {
  type: string;
  quality: number;
}

/** RFC 9110, section 12.4.2. */
const QUALITY = /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/;

/** Whether a client would rather have one media type than the other (RFC 9110, section 12.5.1); not when both are alike to it. */
export function prefers(accept: string | undefined, type: string, other: string): boolean {
  if (accept === undefined) return false;
  const ranges = accept.toLowerCase().split(',').map(parseRange);
  return qualityOf(type, ranges) > qualityOf(other, ranges);
}

/** Parameters other than the quality make no difference here: neither type has versions. One with a bad quality is not wanted. */
function parseRange(text: string): MediaRange {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim());
  const quality = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? '1';
  return { type, quality: QUALITY.test(quality) ? Number(quality) : 0 };
}

/** The most specific range that fits decides. */
function qualityOf(type: string, ranges: MediaRange[]): number {
  for (const range of [type, `${type.split('/')[0]}/*`, '*/*']) {
    const fitting = ranges.filter((each) => each.type === range);
    if (fitting.length > 0) return Math.max(...fitting.map(({ quality }) => quality));
  }
  return 0;
}

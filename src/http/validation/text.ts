/** The number of Unicode code points, which is what JSON Schema counts. */
export function countCharacters(text: string): number {
  let count = text.length;
  for (let i = 1; i < text.length; i++) {
    if (isLowSurrogate(text, i) && isHighSurrogate(text, i - 1)) count--;
  }
  return count;
}

/** Whether PostgreSQL can store a text as it is: no NUL (in neither text nor jsonb) and no surrogate without its pair. */
export function isWellFormedText(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}

function isHighSurrogate(text: string, index: number): boolean {
  return (text.charCodeAt(index) & 0xfc00) === 0xd800;
}

function isLowSurrogate(text: string, index: number): boolean {
  return (text.charCodeAt(index) & 0xfc00) === 0xdc00;
}

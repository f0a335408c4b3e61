export function printTable(table: string[][]): void {
  const widths = table[0]?.map((_, column) => Math.max(...table.map((cells) => cells[column]?.length ?? 0))) ?? [];
  console.log();
  for (const cells of table) console.log(cells.map((cell, column) => cell.padStart(widths[column] ?? 0)).join('  '));
}

/** Of what could not be measured, too. */
export function ratio(figure: number | undefined, base: number | undefined): string {
  return figure === undefined || base === undefined ? '–' : (figure / base).toFixed(2);
}

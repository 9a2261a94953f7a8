/**
 * How much text there is room for. The board cuts by the number of letters: measuring or clipping each of hundreds of blocks
 * costs more than all the rest of drawing them.
 */

/** As `Blocks` writes, in rem. */
const SIZE = 0.75;
const SAMPLE = 'Montage lumière, Régie 08:30 – 17:00';

let measured: number | null = null;

/** Pixels that a letter takes on the average, in the font of this browser. */
function letter(): number {
  measured ??= measure();
  return measured;
}

function measure(): number {
  const context = document.createElement('canvas').getContext('2d');
  const size = SIZE * parseFloat(getComputedStyle(document.documentElement).fontSize);
  if (context === null) return size * 0.6;
  context.font = `600 ${String(size)}px ${getComputedStyle(document.body).fontFamily}`;
  return context.measureText(SAMPLE).width / SAMPLE.length;
}

/** Pixels that so many letters take. */
export function widthOf(letters: number): number {
  return letters * letter();
}

/** How many letters so many pixels have room for. */
export function lettersIn(pixels: number): number {
  return Math.floor(pixels / letter());
}

/** When something is, and what, in at most so many letters: the time whole or not at all. */
export function brief(at: string, what: string, most: number): string {
  if (most < at.length) return '';
  return most < at.length + 4 ? at : cut(`${at} ${what}`, most);
}

/** A text of at most so many letters. */
export function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  return most < 3 ? '' : `${text.slice(0, most - 1).trimEnd()}…`;
}

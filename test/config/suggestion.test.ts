import { expect, it } from 'vitest';
import { closest } from '../../src/config/suggestion.ts';

it.each([
  ['slott', 'slot'],
  ['SLOT', 'slot'],
  ['solt', 'slot'],
  ['pubication', 'publication'],
  ['colour', undefined],
  ['', undefined],
])('takes "%s" for %s', (word, meant) => {
  expect(closest(word, ['slot', 'state', 'publication'])).toBe(meant);
});

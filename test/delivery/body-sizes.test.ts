import { expect, test } from 'vitest';
import { BodySizes } from '../../src/delivery/body-sizes.ts';

test('nothing is too large before something was', () => {
  const sizes = new BodySizes();
  sizes.accepted(10);
  expect([sizes.isLimited, sizes.isTooLarge(1e9)]).toEqual([false, false]);
});

test('what was refused for its size is too large, and all that is larger', () => {
  const sizes = new BodySizes();
  sizes.refused(200);
  sizes.refused(100);
  sizes.accepted(99);
  expect([99, 100, 200].map((bytes) => sizes.isTooLarge(bytes))).toEqual([false, true, true]);
});

test('a body that is smaller than one that was taken was refused for something else', () => {
  const sizes = new BodySizes();
  sizes.accepted(100);
  sizes.refused(50);
  expect(sizes.isTooLarge(60)).toBe(false);
});

test('a limit that was raised is forgotten', () => {
  const sizes = new BodySizes();
  sizes.refused(100);
  sizes.accepted(150);
  expect([sizes.isLimited, sizes.isTooLarge(100)]).toEqual([false, false]);
});

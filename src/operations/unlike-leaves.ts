import { listTables, tableText, type UnlikeLeaf } from './source-database.ts';

export const UNLIKE_LEAVES_REMEDY =
  'Give each the replica identity of its table: alter table … replica identity …. Old rows and keys of their updates and deletes may be missing until then.';

export function unlikeLeavesText(leaves: readonly UnlikeLeaf[]): string {
  const names = listTables(
    leaves.map(({ leaf }) => leaf),
    5,
  );
  const roots = [...new Set(leaves.map(({ root }) => tableText(root)))].join(', ');
  return `${names}: partitions with another replica identity than ${roots}, as which they are sent; Postgres logs old rows by the partition's`;
}

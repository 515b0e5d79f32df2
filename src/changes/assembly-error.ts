/** A message that cannot stand where it stands in the stream. Carries no row values. */
export class AssemblyError extends Error {
  readonly code = 'changes_out_of_order';
  override readonly name = 'AssemblyError';
}

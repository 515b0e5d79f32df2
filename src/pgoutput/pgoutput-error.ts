/**
 * Bytes that are no pgoutput message. The text says where and what, and never repeats anything that
 * was read: a row's values must not reach a log by way of an error, nor may a length that was in
 * truth part of a value.
 */
export class PgoutputError extends Error {
  readonly code = 'pgoutput_malformed';
  override readonly name = 'PgoutputError';
  /** Bytes from the start of the message to where reading stopped. */
  readonly offset: number;
  /** The message's tag, where it was a known one. */
  readonly tag: string | null;

  constructor(offset: number, tag: string | null, problem: string) {
    const subject = tag === null ? 'pgoutput message' : `pgoutput message '${tag}'`;
    super(`malformed ${subject} at byte ${offset}: ${problem}`);
    this.offset = offset;
    this.tag = tag;
  }
}

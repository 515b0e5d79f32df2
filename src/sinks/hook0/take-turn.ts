import type { Turn } from '../../delivery/sink.ts';
import { NoAnswerError } from '../http/http-client.ts';

/** Resolves when one more request may go out. Rejects with NoAnswerError where none may any more. */
export async function takeTurn(turn: Turn, signal: AbortSignal): Promise<void> {
  if (!(await turn(signal))) throw new NoAnswerError('the drain stopped before an answer came');
}

import { sweep } from './secret-sweep.ts';

/** Answers that are still being read. */
const underWay = new Set<Promise<void>>();

/**
 * Looks through what comes back over HTTP from here on, head and body: walhook answers from this
 * process, from `serve`, from a worker.
 */
export function watchAnswers(): void {
  const { fetch } = globalThis;
  globalThis.fetch = async (...request: Parameters<typeof fetch>) => {
    const answer = await fetch(...request);
    const swept = sweepAnswer(answer.clone()).finally(() => underWay.delete(swept));
    underWay.add(swept);
    return answer;
  };
}

export async function answersAreSwept(): Promise<void> {
  await Promise.all(underWay);
}

async function sweepAnswer(answer: Response): Promise<void> {
  const head = [...answer.headers].map(([name, value]) => `${name}: ${value}\n`).join('');
  // Its server may be killed while it answers.
  const body = await answer.text().catch(() => '');
  sweep(`the answer of ${new URL(answer.url).pathname}`, head + body);
}

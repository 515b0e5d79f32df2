import type { DrainReport } from '../drain/report.ts';
import { Drainer, type DrainerOptions, type OneDrain } from './drainer.ts';

export type RunDrainOptions = DrainerOptions & Omit<OneDrain, 'log'>;

/** A single drain: nothing is open afterwards. @see Drainer.drain */
export async function runDrain(options: RunDrainOptions): Promise<DrainReport> {
  const drainer = new Drainer(options);
  try {
    const { limits, signal, onProgress, onStep } = options;
    return await drainer.drain({ limits, signal, onProgress, onStep });
  } finally {
    await drainer.close();
  }
}

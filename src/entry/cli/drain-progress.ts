import type { Clock } from '../../clock/clock.ts';
import { sinceNow } from '../../clock/steady-clock.ts';
import type { DrainProgress } from '../../drain/options.ts';

/** `12,000 events, 35,000 events/s, 40 % of the WAL`, as often as the drain tells. */
export function drainProgressLine(
  clock: Clock,
  show: (text: string) => void,
): (progress: DrainProgress) => void {
  const elapsedMs = sinceNow(clock);
  let startLsn: bigint | null = null;
  return ({ events, slotAt, readTo, target }) => {
    startLsn ??= slotAt;
    const seconds = elapsedMs() / 1_000;
    const whole = Number(target - startLsn);
    const share = whole <= 0 ? 100 : (Number(readTo - startLsn) * 100) / whole;
    show(
      `${events.toLocaleString('en')} events, ${perSecond(events, seconds)}, ` +
        `${Math.min(100, share).toFixed(0)} % of the WAL`,
    );
  };
}

export function perSecond(events: number, seconds: number): string {
  return `${Math.round(events / Math.max(seconds, 0.001)).toLocaleString('en')} events/s`;
}

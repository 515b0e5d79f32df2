import type { ServerResponse } from 'node:http';
import type { Random } from '../kill/random.ts';
import type { WalhookEvent } from '../kill/received-event.ts';
import type { Answer } from '../support/receiver.ts';

/** What is wrong with an endpoint whatever its mood: the same events are refused each time. */
export type Faults = {
  /** Of the events, refused with a 4xx wherever they stand. */
  readonly refusedPercent: number;
  /** Of the events, named in batchItemFailures: some always, some a few times. */
  readonly failingItemPercent: number;
  readonly maxBodyBytes: number;
};

/**
 * - well: takes what its faults let it take
 * - slow: takes its time for it
 * - moody: every other answer is whatever may go wrong
 * - down: no answer but 503 and broken connections
 * - silent: no answer at all
 */
export type Mood = 'well' | 'slow' | 'moody' | 'down' | 'silent';

/** yes: the drainer is told so; maybe: it was taken, and the drainer may not learn of it. */
export type Taken = 'yes' | 'maybe' | 'no';

export type Reply = {
  readonly answer: Answer;
  readonly delayMs?: number;
  readonly taken: (event: WalhookEvent) => Taken;
  /** Events that were named in batchItemFailures. */
  readonly failedAlone: readonly WalhookEvent[];
};

/** So that what it is to get piles up. */
const SLOW_MS = 2;
const HUGE_BYTES = 100 << 20;
const REFUSALS = [400, 409, 415, 422, 451];

/** One endpoint as the other side sees it. */
export class FaultyReceiver {
  mood: Mood = 'well';
  readonly #name: string;
  readonly #faults: Faults;
  readonly #random: Random;
  readonly #isTaken: (id: string) => boolean;
  readonly #timesFailed = new Map<string, number>();

  /** `isTaken`: what it has, it takes again, as whoever goes by the ids does. */
  constructor(name: string, faults: Faults, random: Random, isTaken: (id: string) => boolean) {
    this.#name = name;
    this.#faults = faults;
    this.#random = random;
    this.#isTaken = isTaken;
  }

  reply(events: readonly WalhookEvent[], bodyBytes: number): Reply {
    switch (this.mood) {
      case 'silent':
        return refusal('hang');
      case 'down':
        return refusal(this.#random.pick<Answer>([503, 503, 'reset']));
      case 'moody':
        return this.#random.chance(50)
          ? this.#judge(events, bodyBytes)
          : this.#misbehave(events, bodyBytes);
      case 'slow':
        return { ...this.#judge(events, bodyBytes), delayMs: SLOW_MS };
      case 'well':
        return this.#judge(events, bodyBytes);
    }
  }

  #misbehave(events: readonly WalhookEvent[], bodyBytes: number): Reply {
    const random = this.#random;
    switch (random.below(16)) {
      case 0:
        return refusal({ status: 429, headers: { 'retry-after': String(random.below(2)) } });
      case 1:
        return refusal(random.pick([401, 403, 404, 302]));
      case 2:
      case 3:
        return refusal('reset');
      case 4:
        return random.chance(30) ? refusal('hang') : refusal(503);
      case 5:
        return random.chance(30) ? this.#takenButUntold(events, bodyBytes, dripping) : refusal(500);
      case 6:
      case 7:
        return this.#takenButUntold(events, bodyBytes, endless(200));
      case 8:
        return refusal(endless(500));
      case 9:
        return refusal({ status: 200, body: random.pick(UNREADABLE) });
      case 10:
        return random.chance(10) ? refusal(410) : refusal(502);
      case 11:
        return this.#takenButUntold(events, bodyBytes, brokenOff);
      default:
        return refusal(random.pick([500, 503, 408, 425]));
    }
  }

  /** Only what it would have taken: an event that is refused is never taken. */
  #takenButUntold(events: readonly WalhookEvent[], bodyBytes: number, answer: Answer): Reply {
    const judged = this.#judge(events, bodyBytes);
    if (judged.answer !== 204) return judged;
    return { answer, taken: () => 'maybe', failedAlone: [] };
  }

  #judge(events: readonly WalhookEvent[], bodyBytes: number): Reply {
    const { refusedPercent, failingItemPercent, maxBodyBytes } = this.#faults;
    if (bodyBytes > maxBodyBytes) return refusal(413);
    const refused = events.find((event) => this.#dice(event, 'refused') < refusedPercent);
    if (refused !== undefined) {
      return refusal(REFUSALS[this.#dice(refused, 'status') % REFUSALS.length]!);
    }
    const failing = events.filter(
      (event) => this.#dice(event, 'item') < failingItemPercent && this.#failsNow(event),
    );
    if (failing.length === 0) return { answer: 204, taken: () => 'yes', failedAlone: [] };
    const failures = failing.map(({ id }) => ({ itemIdentifier: id }));
    return {
      answer: { status: 200, body: JSON.stringify({ batchItemFailures: failures }) },
      taken: (event) => (failing.includes(event) ? 'no' : 'yes'),
      failedAlone: failing,
    };
  }

  /** Half of those that fail do so each time, the others once or twice. */
  #failsNow(event: WalhookEvent): boolean {
    const { id } = event;
    if (this.#dice(event, 'always') < 50) return true;
    const times = this.#timesFailed.get(id) ?? 0;
    if (times >= 1 + (this.#dice(event, 'times') % 2) || this.#isTaken(id)) return false;
    this.#timesFailed.set(id, times + 1);
    return true;
  }

  /** 0 to 99, by what the event says and not by where it stands in the WAL. */
  #dice({ op, table, key, before, after }: WalhookEvent, about: string): number {
    return hash(JSON.stringify([this.#name, about, op, table, key, before, after])) % 100;
  }
}

function refusal(answer: Answer): Reply {
  return { answer, taken: () => 'no', failedAlone: [] };
}

const UNREADABLE = [
  '{"batchItemFailures":[{"itemIdentifier":"of another batch"}]}',
  '{"batchItemFailures":[{}]}',
  '{"batchItemFailures":"all"',
];

/** More than anybody should read: until the other side has had enough. */
function endless(status: number): (response: ServerResponse) => void {
  return (response) => {
    const piece = Buffer.alloc(1 << 16, 'x');
    let left = HUGE_BYTES;
    const write = (): void => {
      while (left > 0 && !response.destroyed) {
        left -= piece.length;
        if (!response.write(piece)) return;
      }
      response.end();
    };
    response.writeHead(status, { 'content-type': 'text/plain' }).on('drain', write);
    write();
  };
}

/** Never ends: whoever waits for the rest waits for his timeout. */
function dripping(response: ServerResponse): void {
  response.writeHead(200);
  const drip = setInterval(() => response.write('.'), 50);
  response.on('close', () => clearInterval(drip));
}

function brokenOff(response: ServerResponse): void {
  response.writeHead(200, { 'content-length': '10' });
  response.write('half', () => response.socket?.resetAndDestroy());
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) {
    value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  }
  // Its low bits alone hardly differ between texts that end alike.
  return (value ^ (value >>> 15)) >>> 0;
}

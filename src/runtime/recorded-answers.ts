import type { Answer } from '../delivery/sink.ts';
import { aroundRequests } from './around-requests.ts';
import type { Platform } from './platform.ts';

const KEPT_CHARACTERS = 1_024;

/** The same platform, which also tells of each answer that comes over HTTP: a success keeps none. */
export function recordingAnswers(platform: Platform, onAnswer: (answer: Answer) => void): Platform {
  return aroundRequests(platform, async (request, send) => {
    const answer = await send(request);
    onAnswer({ status: answer.status, body: answer.body.slice(0, KEPT_CHARACTERS) });
    return answer;
  });
}

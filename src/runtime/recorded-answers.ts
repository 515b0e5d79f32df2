import type { Answer } from '../delivery/sink.ts';
import type { HttpClient } from '../sinks/http/http-client.ts';
import type { Platform } from './platform.ts';

const KEPT_CHARACTERS = 1_024;

/** The same platform, which also tells of each answer that comes over HTTP: a success keeps none. */
export function recordingAnswers(platform: Platform, onAnswer: (answer: Answer) => void): Platform {
  return {
    ...platform,
    createHttpClient(origin: URL, connections: number): HttpClient {
      const client = platform.createHttpClient(origin, connections);
      return {
        async request(request) {
          const answer = await client.request(request);
          onAnswer({ status: answer.status, body: answer.body.slice(0, KEPT_CHARACTERS) });
          return answer;
        },
        close: () => client.close(),
      };
    },
  };
}

import type { RuleName } from './incident.ts';

type Advice = {
  /** What is wrong with a subject, without its full stop. */
  readonly wrong: (subject: string) => string;
  /** What is said once it is over. */
  readonly over: (subject: string) => string;
  /** What it does to the rest. */
  readonly means: string;
  /** The first thing first. */
  readonly toDo: (subject: string) => readonly string[];
  /** A heading of docs/operations.md, as its link has it. */
  readonly runbook: string;
};

const SEE_WHAT_IS_SLOW = [
  'See which endpoint is slow or held: walhook status',
  'Drain once by hand, without a deadline, and look at the events a second: walhook drain',
];

/** What is said of an incident beside what was seen. */
export const ADVICE: Readonly<Record<RuleName, Advice>> = {
  endpoint_down: {
    wrong: (endpoint) => `Endpoint "${endpoint}" is down`,
    over: (endpoint) => `Endpoint "${endpoint}" is up again`,
    means:
      'Its events wait, in their order, in the slot or parked in the state tables. Nothing is lost, and the other endpoints go on. While they wait in the slot, the database server keeps WAL on its disk.',
    toDo: (endpoint) => [
      'Make it answer 2xx again. Each drain tries it by itself; nothing has to be restarted.',
      `Not to wait for the next attempt: walhook endpoints resume ${endpoint}`,
      'If it takes hours, watch the WAL: walhook status',
    ],
    runbook: 'an-endpoint-is-held',
  },
  endpoint_misconfigured: {
    wrong: (endpoint) => `Endpoint "${endpoint}" refuses walhook`,
    over: (endpoint) => `Endpoint "${endpoint}" takes events again`,
    means:
      'A URL, a path, a token or a secret is wrong, or a deploy went out without the route: not an event. Its events wait, in their order.',
    toDo: (endpoint) => [
      'See what was changed there last, and whether walhook has its current URL and token.',
      `See what it says now: walhook endpoints test ${endpoint}`,
    ],
    runbook: 'an-endpoint-is-held',
  },
  endpoint_paused: {
    wrong: (endpoint) => `Endpoint "${endpoint}" is paused`,
    over: (endpoint) => `Endpoint "${endpoint}" is not paused any more`,
    means:
      'Nothing is sent to it until a person resumes it. Its events wait, in the slot or parked in the state tables.',
    toDo: (endpoint) => [
      'If it answered 410, find out whether it is gone for good; if it is, take it out of the configuration.',
      `Else make it ready, and then: walhook endpoints resume ${endpoint}`,
      'Until then, watch the WAL: walhook status',
    ],
    runbook: 'pausing-an-endpoint',
  },
  dead_letters: {
    wrong: (endpoint) => `Endpoint "${endpoint}" has dead letters`,
    over: (endpoint) => `Endpoint "${endpoint}": the dead letters are dealt with`,
    means:
      'It refused these events, or they were too large to send. They are kept in the state tables; everything else goes on.',
    toDo: (endpoint) => [
      `See why: walhook dead-letters list --endpoint ${endpoint}`,
      `Once it takes them: walhook dead-letters redrive --endpoint ${endpoint}`,
    ],
    runbook: 'dead-letters',
  },
  parked_near_cap: {
    wrong: (endpoint) => `Endpoint "${endpoint}": parked events are near their cap`,
    over: (endpoint) => `Endpoint "${endpoint}": parked events are well below their cap`,
    means:
      'At the cap its events wait in the slot again, which then holds WAL on the disk of the database server for as long as the endpoint is down.',
    toDo: () => [
      'Make the endpoint answer 2xx again: what is parked goes out first, in order.',
      'If it cannot, raise maxParkedEvents or maxParkedBytes while the state database has room.',
    ],
    runbook: 'events-are-parked',
  },
  lag_bytes: {
    wrong: () => 'Much WAL waits to be drained',
    over: () => 'The WAL that waits is little again',
    means: 'More is written than is delivered. The slot holds that WAL on the disk of the server.',
    toDo: () => SEE_WHAT_IS_SLOW,
    runbook: 'the-lag-grows',
  },
  lag_age: {
    wrong: () => 'Changes wait for too long',
    over: () => 'No change waits for long any more',
    means: 'What receivers have is older than you want it to be.',
    toDo: () => SEE_WHAT_IS_SLOW,
    runbook: 'the-lag-grows',
  },
  slot_near_loss: {
    wrong: () => 'The replication slot is lost or about to be',
    over: () => 'The replication slot is safe again',
    means: 'With the slot goes every change that was not delivered. This is the one to get up for.',
    toDo: () => [
      'Drain now, without a deadline: walhook drain',
      'See that every endpoint answers: walhook status',
      'If the slot is lost already, the runbook says how to go on.',
    ],
    runbook: 'the-disk-fills-with-wal',
  },
  run_failed: {
    wrong: () => 'Drains fail',
    over: () => 'Drains work again',
    means: 'Nothing is delivered meanwhile. Changes wait in the slot, which holds their WAL.',
    toDo: () => [
      'See what is wrong and what to do about it: walhook doctor',
      'Then drain once by hand: walhook drain',
    ],
    runbook: 'every-error',
  },
  transaction_skipped: {
    wrong: (commit) => `The transaction that committed at ${commit} is passed over`,
    over: (commit) => `The transaction at ${commit} was passed over, a day ago`,
    means:
      'It could not be read. No endpoint gets its changes; each gets the message walhook.skipped in their place. What committed before it and after it is delivered.',
    toDo: () => [
      'See what it was: walhook skip',
      'Bring the rows that it changed to the receivers by other means: they cannot tell what they miss.',
    ],
    runbook: 'a-transaction-cannot-be-read',
  },
};

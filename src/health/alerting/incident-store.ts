import type { Incident } from './incident.ts';
import type { Judgement } from './judge.ts';

export type Observation = Judgement & {
  readonly pipeline: string;
  readonly at: Date;
  /** Incidents that were resolved longer ago are forgotten. */
  readonly keepMs: number;
};

export type AlertKind = 'opened' | 'reminder' | 'recovered';

export type MessageRequest = {
  readonly pipeline: string;
  readonly at: Date;
  /** The open incidents that somebody is to be told of by now. */
  readonly due: readonly Pick<Incident, 'rule' | 'subject'>[];
  /** Everybody who is to be told. */
  readonly channels: readonly string[];
  /** 0: no reminders. */
  readonly remindMs: number;
};

/** The right to send one message. Nobody else gets it while this process sends. */
export type ClaimedMessage = {
  readonly pipeline: string;
  readonly kind: AlertKind;
  readonly incident: Incident;
  readonly claimedAt: Date;
  /** When the incident's last message went out; null: none has. */
  readonly toldAt: Date | null;
  /** Tries of this message, this one included. */
  readonly attempt: number;
  /** The channels that have not taken it yet. */
  readonly owed: readonly string[];
};

/** Why a message did not go out, by channel. */
export type SendFailures = Readonly<Record<string, string>>;

/**
 * Incidents that outlive the process, and who has been told of them. Each method is one statement.
 * All throw `state_missing` / `state_outdated` where the tables are not there.
 */
export interface IncidentStore {
  listOpen(pipeline: string): Promise<readonly Incident[]>;
  /** Opens, keeps and resolves. Several processes that see the same open one incident. */
  observe(observation: Observation): Promise<void>;
  /**
   * The messages that are due and that no other process is sending. A process that died while it
   * sent gives its claim up after a minute.
   */
  claimMessages(request: MessageRequest): Promise<readonly ClaimedMessage[]>;
  /** What came of it. A message with failures is due again, up to MAX_ATTEMPTS. */
  settleMessage(message: ClaimedMessage, failures: SendFailures): Promise<void>;
}

/** At a drain a minute, a mail server may be away for two days. */
export const MAX_ATTEMPTS = 3_000;

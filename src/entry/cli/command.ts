import type { Command } from 'commander';
import type { Session } from './session.ts';

/** What a command does; the exit code. */
export type Action<Flags> = (session: Session, flags: Flags) => Promise<number>;

/** Adds what a command does to how it is called. */
export type Runs = <Flags>(command: Command, action: Action<Flags>) => Command;

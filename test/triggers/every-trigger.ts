import { workerdProgram } from '../receiver/runtimes.ts';
import { cliTrigger } from './cli-trigger.ts';
import { httpTrigger } from './http-trigger.ts';
import { lambdaTrigger } from './lambda-trigger.ts';
import { serveTrigger } from './serve-trigger.ts';
import type { Trigger } from './trigger.ts';
import { workerTrigger } from './worker-trigger.ts';

/** All that run here: workerd has no program for some platforms. */
export const everyTrigger: readonly Trigger[] = [
  cliTrigger,
  httpTrigger,
  ...(workerdProgram === null ? [] : [workerTrigger]),
  lambdaTrigger,
  serveTrigger,
];

/**
 * The first SIGINT or SIGTERM asks to stop: what is in flight ends, progress is saved. The second
 * exits at once, with the code that a shell gives to a process ended by that signal.
 */
export function stopOnSignals(onStop: (name: string) => void): {
  readonly signal: AbortSignal;
  readonly dispose: () => void;
} {
  const stop = new AbortController();
  const listen = (name: NodeJS.Signals, exitCode: number): (() => void) => {
    const onSignal = (): void => {
      if (stop.signal.aborted) process.exit(exitCode);
      stop.abort();
      onStop(name);
    };
    process.on(name, onSignal);
    return () => process.removeListener(name, onSignal);
  };
  const listeners = [listen('SIGINT', 130), listen('SIGTERM', 143)];
  return {
    signal: stop.signal,
    dispose: () => {
      for (const remove of listeners) remove();
    },
  };
}

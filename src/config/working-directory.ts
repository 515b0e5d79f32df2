/** null: it was deleted while this process, or a shell, was in it. */
export function workingDirectory(): string | null {
  try {
    return process.cwd();
  } catch {
    return null;
  }
}

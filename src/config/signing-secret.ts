import type { TextFault } from './option-notes.ts';

export const signingSecretWants = 'whsec_ and the base64 of 24 to 64 random bytes';

/** A symmetric secret of Standard Webhooks 1.0. */
export const signingSecretFault: TextFault = (secret) => {
  const base64 = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret)?.[1];
  if (base64 === undefined) return signingSecretWants;
  const bytes = decodedLength(base64);
  return bytes !== null && bytes >= 24 && bytes <= 64 ? null : signingSecretWants;
};

function decodedLength(base64: string): number | null {
  try {
    return atob(base64).length;
  } catch {
    return null;
  }
}

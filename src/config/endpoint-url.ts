import type { TextFault } from './option-notes.ts';

export const endpointUrlWants = 'an http:// or https:// URL';

export const endpointUrlFault: TextFault = (text) => {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return endpointUrlWants;
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') {
    return `${endpointUrlWants} without credentials: they belong in auth`;
  }
  if (url.hash !== '') return `${endpointUrlWants} without a #fragment: it is never sent`;
  return null;
};

/** Whether events would cross a network unencrypted. */
export function isPlainRemoteUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocol === 'http:' && !isLoopback(hostname);
}

export function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '[::1]' ||
    /^127\.\d+\.\d+\.\d+$/.test(hostname)
  );
}

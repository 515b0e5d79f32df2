import { text, type TextFault } from './option-notes.ts';

const proxyWants = 'an http:// or https:// proxy, like http://proxy.internal:3128, or none';

const proxyFault: TextFault = (given) => {
  if (given === NO_PROXY) return null;
  if (!/^https?:\/\//i.test(given) || !URL.canParse(given)) return proxyWants;
  const { pathname, search, hash } = new URL(given);
  return pathname === '/' && search === '' && hash === '' ? null : `${proxyWants}, without a path`;
};

/** Said in place of a URL: the environment's proxy is not meant here. */
export const NO_PROXY = 'none';

/** Of an endpoint or a webhook; null: it is spoken to directly. */
export function proxyOf({ proxy: given }: { readonly proxy?: string | undefined }): URL | null {
  return given === undefined || given === NO_PROXY ? null : new URL(given);
}

export const proxy = text(
  {
    what: 'The HTTP proxy that requests go through; none: no proxy. Without it, HTTPS_PROXY or HTTP_PROXY unless NO_PROXY names the host. What is on this machine is spoken to directly in any case.',
    wants: proxyWants,
    secret: 'url',
  },
  proxyFault,
).optional();

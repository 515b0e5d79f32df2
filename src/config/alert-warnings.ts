import type { ResolvedAlert } from './alerts-schema.ts';
import { isLoopback, isPlainRemoteUrl } from './endpoint-url.ts';

/** What is allowed but hardly meant, of those who are told. */
export function alertWarnings(alerts: readonly ResolvedAlert[]): string[] {
  return alerts.flatMap((alert, index) => {
    switch (alert.type) {
      case 'webhook':
        return isPlainRemoteUrl(alert.url)
          ? [`alerts[${index}]: messages cross the network unencrypted, over http.`]
          : [];
      case 'email':
        if (alert.security !== 'opportunistic' || alert.password === undefined) return [];
        if (isLoopback(alert.host)) return [];
        return [
          alert.allowCleartextPassword === true
            ? `alerts[${index}]: with security opportunistic the password may cross the network unencrypted.`
            : `alerts[${index}]: a password goes to another machine over TLS alone, whatever opportunistic says: say starttls, or allowCleartextPassword.`,
        ];
    }
  });
}

import { Refusal, SignedOut, StorageUnavailable, Unreachable } from '@oep/client';
import { useTranslations } from 'use-intl';
import { Banner } from '../../ui/Banner';
import { Button } from './Button';

/** What went wrong: a refusal in the platform's own words, everything else in ours. */
export function Problem({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const t = useTranslations('student.problem');
  const ui = useTranslations('ui');
  return (
    <Banner
      actions={onRetry && <Button onClick={onRetry}>{ui('retry')}</Button>}
      live="assertive"
      title={error instanceof Refusal ? error.detail : t(kindOf(error))}
      tone={error instanceof Unreachable ? 'offline' : 'bad'}
    >
      {error instanceof Refusal && error.slug === 'safe-exam-browser-required' && (
        <p>{t('safeBrowser')}</p>
      )}
      {error instanceof Refusal && error.retryAfterSeconds !== undefined && (
        <p>{t('retryAfter', { count: Math.ceil(error.retryAfterSeconds) })}</p>
      )}
    </Banner>
  );
}

function kindOf(error: unknown): 'network' | 'signedOut' | 'storage' | 'unknown' {
  if (error instanceof Unreachable) return 'network';
  if (error instanceof SignedOut) return 'signedOut';
  return error instanceof StorageUnavailable ? 'storage' : 'unknown';
}

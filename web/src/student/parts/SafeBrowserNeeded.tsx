import { useTranslations } from 'use-intl';
import { Banner } from '../../ui/Banner';
import { Button } from './Button';

/** What a student reads whose exam opens in Safe Exam Browser only, in any other browser. */
export function SafeBrowserNeeded(props: { detail: string; onRetry?: (() => void) | undefined }) {
  const { detail, onRetry } = props;
  const t = useTranslations('student.safeBrowser');
  const ui = useTranslations('ui');
  return (
    <Banner
      actions={onRetry && <Button onClick={onRetry}>{ui('retry')}</Button>}
      live="assertive"
      title={detail}
      tone="bad"
    >
      <p>{t('hint')}</p>
      <p>{t('who')}</p>
    </Banner>
  );
}

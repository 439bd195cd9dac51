import { useTranslations } from 'use-intl';
import { EVERY_MS } from './shots';

/** What is taken, who sees it, and that it may be refused: the same words wherever it is asked. */
export function PicturesWords() {
  const t = useTranslations('camera.pictures');
  return (
    <>
      <p>{t('what', { seconds: EVERY_MS / 1_000 })}</p>
      <p>{t('who')}</p>
      <p>{t('free')}</p>
    </>
  );
}

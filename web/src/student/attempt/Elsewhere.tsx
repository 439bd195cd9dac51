import { useTranslations } from 'use-intl';
import { Button } from '../parts/Button';
import { Frame } from '../parts/Frame';

/** What a second tab shows of an attempt that is open in another one. */
export function Elsewhere({ onTake }: { onTake: () => void }) {
  const t = useTranslations('student.elsewhere');
  return (
    <Frame title={t('title')}>
      <p>{t('hint')}</p>
      <div>
        <Button look="primary" onClick={onTake}>
          {t('here')}
        </Button>
      </div>
    </Frame>
  );
}

import { useSyncExternalStore } from 'react';
import { useTranslations } from 'use-intl';
import { Banner } from '../../ui/Banner';
import { IconFull } from '../../ui/icons';
import { Button } from '../parts/Button';

/** Fills the screen, where the browser can; only ever asked for by a press. */
export async function fillScreen(): Promise<void> {
  if (!document.fullscreenEnabled || document.fullscreenElement) return;
  // a browser that refuses is no reason to stop: the exam goes on, and the page says that it is not full
  await document.documentElement.requestFullscreen().catch(() => undefined);
}

/** Gives the screen back. */
export async function leaveFullScreen(): Promise<void> {
  if (document.fullscreenElement) await document.exitFullscreen().catch(() => undefined);
}

/** Says that the screen is not filled, and offers to fill it; nothing where the browser cannot. */
export function FullScreenHint() {
  const t = useTranslations('student.fullScreen');
  const isFull = useSyncExternalStore(onFullScreen, () => document.fullscreenElement !== null);
  if (isFull || !document.fullscreenEnabled) return null;
  return (
    <Banner
      actions={
        <Button onClick={fillScreen}>
          <IconFull />
          {t('enter')}
        </Button>
      }
      tone="warning"
    >
      <p>{t('left')}</p>
    </Banner>
  );
}

function onFullScreen(changed: () => void): () => void {
  document.addEventListener('fullscreenchange', changed);
  return () => document.removeEventListener('fullscreenchange', changed);
}

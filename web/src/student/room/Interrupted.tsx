import { useEffect, useRef } from 'react';
import { useTranslations } from 'use-intl';
import { useAttemptSocket, useBookSummary, useConnection } from '../../api';
import { announce } from '../../ui/announce';
import { Banner } from '../../ui/Banner';
import { Button } from '../parts/Button';
import type { Look } from './connection';
import { useLook } from './useLook';

/** Says, as long as it lasts, that the connection is interrupted and that nothing is lost by it. */
export function Interrupted() {
  const t = useTranslations('student.connection');
  const ui = useTranslations('student');
  const state = useConnection();
  const look = useLook();
  const socket = useAttemptSocket();
  const { unsaved } = useBookSummary();
  useSaying(look);
  if (look === 'online' || look === 'connecting') return null;
  if (look === 'closed') {
    const isOtherDevice = state.reason?.code === 4503;
    return (
      <Banner
        actions={<Button onClick={() => socket.retry()}>{t('retry')}</Button>}
        live="assertive"
        title={isOtherDevice ? ui('elsewhere.device') : t('closedTitle')}
        tone="warning"
      >
        <p>{isOtherDevice ? ui('elsewhere.deviceHint') : state.reason?.text}</p>
      </Banner>
    );
  }
  return (
    <Banner title={t('offlineTitle')} tone="warning">
      <p>
        {t('unsaved', { count: unsaved.length })} {t('offlineHint')}
      </p>
    </Banner>
  );
}

/** Tells readers when it is lost and when it is back, not at every try between. */
function useSaying(look: Look): void {
  const t = useTranslations('student.connection');
  const before = useRef(look);
  useEffect(() => {
    if (look === before.current) return;
    if (look === 'offline') announce(t('offlineTitle'), 'assertive');
    if (look === 'online' && before.current === 'offline') announce(t('back'));
    before.current = look;
  }, [look, t]);
}

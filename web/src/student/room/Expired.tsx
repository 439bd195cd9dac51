import type { ExamWithQuestions, Submitted } from '@oep/client';
import { useCallback, useEffect, useRef, useState } from 'react';
import { useTranslations } from 'use-intl';
import { useRoom } from '../../api';
import { Button } from '../parts/Button';
import { Frame } from '../parts/Frame';
import { Problem } from '../parts/Problem';
import { leaveFullScreen } from './FullScreen';

export interface ExpiredProps {
  exam: ExamWithQuestions;
  onSubmitted: (done: Submitted) => void;
}

/** After the deadline: what has arrived counts, and the exam is submitted without being asked for. */
export function Expired({ exam, onSubmitted }: ExpiredProps) {
  const t = useTranslations('student.over');
  const room = useRoom();
  const [error, setError] = useState<unknown>();
  const [isPending, setPending] = useState(false);
  const hasTried = useRef(false);

  const submit = useCallback(async () => {
    setError(undefined);
    setPending(true);
    try {
      onSubmitted(await room.submit({ anyway: true }));
    } catch (cause) {
      setError(cause);
    } finally {
      setPending(false);
    }
  }, [room, onSubmitted]);

  useEffect(() => {
    if (hasTried.current) return;
    hasTried.current = true;
    leaveFullScreen();
    submit();
  }, [submit]);

  return (
    <Frame above={<p>{exam.title}</p>} title={t('expired')}>
      <p>{t('expiredHint')}</p>
      {error !== undefined && <Problem error={error} />}
      <div>
        <Button isPending={isPending} look="primary" onClick={submit}>
          {t('handIn')}
        </Button>
      </div>
    </Frame>
  );
}

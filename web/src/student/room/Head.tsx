import { type ReactNode, useState } from 'react';
import { useTranslations } from 'use-intl';
import { announce } from '../../ui/announce';
import { IconChat, IconHand } from '../../ui/icons';
import { useAround, useSitting } from '../attempt/useSitting';
import { Button } from '../parts/Button';
import { ClockFace } from './ClockFace';
import { ConnectionSign } from './ConnectionSign';
import styles from './Head.module.css';
import { unreadCount } from './lines';
import { Talk } from './Talk';

export interface HeadProps {
  title: string;
  /** Whether the camera is on, where the exam asks for it. */
  camera?: ReactNode;
  onOver: () => void;
  onSubmit: () => void;
}

/** The line above the exam: what it is, how long it goes on, whether all is well, and who helps. */
export function Head({ title, camera, onOver, onSubmit }: HeadProps) {
  const t = useTranslations('student.room');
  return (
    <div className={styles.head}>
      <h1 className={styles.title}>{title}</h1>
      <ConnectionSign />
      <ClockFace onOver={onOver} />
      <div className={styles.help}>
        {camera}
        <Hand />
        <TalkButton />
        <Button onClick={onSubmit}>{t('submit')}</Button>
      </div>
    </div>
  );
}

function Hand() {
  const t = useTranslations('student.hand');
  const problem = useTranslations('student.problem');
  const around = useAround();
  const { isHandRaised } = useSitting();
  const [isPending, setPending] = useState(false);
  async function toggle() {
    setPending(true);
    try {
      await around.raiseHand(!isHandRaised);
      announce(t(isHandRaised ? 'lowered' : 'raised'));
    } catch {
      announce(problem('network'), 'assertive');
    } finally {
      setPending(false);
    }
  }
  return (
    <Button isOn={isHandRaised} isPending={isPending} onClick={toggle}>
      <IconHand />
      {t('raise')}
    </Button>
  );
}

function TalkButton() {
  const t = useTranslations('student');
  const { lines, readUpTo } = useSitting();
  const [isOpen, setOpen] = useState(false);
  const count = unreadCount(lines, readUpTo);
  return (
    <>
      <Button onClick={() => setOpen(true)}>
        <IconChat />
        {t('room.help')}
        {count > 0 && (
          <span className={styles.unread}>
            <span aria-hidden="true">{count}</span>
            <span className="visually-hidden">{t('talk.unread', { count })}</span>
          </span>
        )}
      </Button>
      {isOpen && <Talk onClose={() => setOpen(false)} />}
    </>
  );
}

import { useEffect, useRef, useState } from 'react';
import { useTranslations } from 'use-intl';
import { announce } from '../../../ui/announce';
import { Button } from '../../../ui/Button';
import { Dialog } from '../../../ui/Dialog';
import { Switch } from '../../../ui/Switch';
import type { BoardStore } from '../store';
import { chosenNotices, keepNotices, type NoticeChoice, waysOf } from './choice';
import styles from './Notices.module.css';
import { chime } from './sound';
import { type Tally, Telling } from './telling';

interface Props {
  examId: number;
  store: BoardStore;
  onHelp: () => void;
}

/** Tells of news to who does not look: in words to screen readers, and by sound or desktop by choice. */
export function Notices({ examId, store, onHelp }: Props) {
  const t = useTranslations('board');
  const [choice, setChoice] = useState(chosenNotices);
  const [isOpen, setOpen] = useState(false);
  useNews(store, examId, choice);
  const choose = (next: NoticeChoice) => {
    keepNotices(next);
    setChoice(next);
  };
  return (
    <>
      <Button look="quiet" onPress={() => setOpen(true)} size="dense">
        {t('notices.title')}
      </Button>
      <Button look="quiet" onPress={onHelp} size="dense">
        {t('keys.title')}
      </Button>
      <Dialog isOpen={isOpen} onClose={() => setOpen(false)} title={t('notices.title')}>
        <Choices choice={choice} choose={choose} />
      </Dialog>
    </>
  );
}

interface ChoicesProps {
  choice: NoticeChoice;
  choose: (choice: NoticeChoice) => void;
}

function Choices({ choice, choose }: ChoicesProps) {
  const t = useTranslations('board.notices');
  const [isDenied, setDenied] = useState(false);

  const wantDesktop = async (desktop: boolean) => {
    const may = desktop ? await Notification.requestPermission() : 'granted';
    setDenied(may !== 'granted');
    choose({ ...choice, desktop: desktop && may === 'granted' });
  };

  return (
    <div className={styles.choices}>
      <p>{t('for')}</p>
      <Switch
        isSelected={choice.sound}
        onChange={(sound) => {
          choose({ ...choice, sound });
          if (sound) chime();
        }}
      >
        {t('sound')}
      </Switch>
      <Switch
        isDisabled={!('Notification' in window)}
        isSelected={choice.desktop}
        onChange={wantDesktop}
      >
        {t('desktop')}
      </Switch>
      {isDenied && <p role="status">{t('denied')}</p>}
      <p className={styles.quiet}>{t('kept')}</p>
    </div>
  );
}

function useNews(store: BoardStore, examId: number, choice: NoticeChoice): void {
  const t = useTranslations('board.news');
  const tell = useRef<(counts: Tally) => void>(undefined);
  useEffect(() => {
    tell.current = (counts) => {
      const text = counts.map(([kind, count]) => t(kind, { count })).join(' ');
      announce(text);
      const ways = waysOf(choice, document.hidden);
      if (ways.sound) chime();
      if (ways.desktop) notify(t('title'), text, `oep-board-${examId}`);
    };
  });
  useEffect(() => {
    const telling = new Telling((counts) => tell.current?.(counts));
    return store.onNews(telling.take);
  }, [store]);
}

/** A newer notice of a board takes the place of the one before. */
function notify(title: string, body: string, tag: string): void {
  try {
    new Notification(title, { body, tag });
  } catch {
    // Some browsers allow it to service workers only.
  }
}

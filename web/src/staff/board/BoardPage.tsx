import type { User } from '@oep/client';
import { useMemo, useRef, useState } from 'react';
import { useTranslations } from 'use-intl';
import { useGet } from '../../api';
import { PageTitle } from '../../ui/Page';
import styles from './BoardPage.module.css';
import { Chat } from './Chat';
import { DeedWindows } from './deeds/DeedWindows';
import { SelectionBar } from './deeds/SelectionBar';
import { useDeeds } from './deeds/useDeeds';
import { Filters } from './Filters';
import { LiveLine, StaleBanner } from './Freshness';
import { useEscape } from './list/escape';
import { Grid } from './list/Grid';
import { useSelection } from './list/useSelection';
import { NeedChips } from './NeedChips';
import { Notices } from './notices/Notices';
import { Shortcuts } from './Shortcuts';
import { useBoard } from './useBoard';

/** The board with everything around it. */
export function BoardPage({ examId, user }: { examId: number; user: User }) {
  const t = useTranslations('board');
  const board = useBoard(examId, user.id);
  const { store } = board;
  const selection = useSelection(store);
  useEscape(selection.clear);
  const deeds = useDeeds(examId, user, store);
  const [chatWith, setChatWith] = useState<number>();
  const [isHelpOpen, setHelpOpen] = useState(false);
  const search = useRef<HTMLInputElement>(null);
  const { data: exam } = useGet(
    '/api/v1/exams/{exam_id}',
    { params: { path: { exam_id: examId } } },
    { staleTime: Number.POSITIVE_INFINITY },
  );
  const windows = useMemo(
    () => ({
      chat: setChatWith,
      help: () => setHelpOpen(true),
      search: () => search.current?.focus(),
    }),
    [],
  );
  return (
    <div className={styles.board}>
      <PageTitle
        actions={<Notices examId={examId} onHelp={windows.help} store={store} />}
        below={<LiveLine board={board} title={exam?.title} />}
        title={t('title')}
      />
      <StaleBanner board={board} />
      <NeedChips store={store} />
      <Filters search={search} store={store} />
      <SelectionBar deeds={deeds} selection={selection} store={store} />
      <div className={styles.lists}>
        <Grid deeds={deeds} selection={selection} store={store} windows={windows} />
        {chatWith !== undefined && (
          <Chat
            attemptId={chatWith}
            deeds={deeds}
            key={chatWith}
            onClose={() => setChatWith(undefined)}
            store={store}
          />
        )}
      </div>
      <DeedWindows deeds={deeds} store={store} />
      <Shortcuts isOpen={isHelpOpen} onClose={() => setHelpOpen(false)} />
    </div>
  );
}

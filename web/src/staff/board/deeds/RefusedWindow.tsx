import { useTranslations } from 'use-intl';
import { Button } from '../../../ui/Button';
import { Dialog } from '../../../ui/Dialog';
import type { BoardStore } from '../store';
import styles from './deeds.module.css';
import { nameOf } from './Names';
import type { Outcome } from './ordering';

interface Props {
  outcome: Outcome;
  store: BoardStore;
  onClose: () => void;
}

/** For whom it was not done, and why: in the service's words, or by the name of who was faster. */
export function RefusedWindow({ outcome, store, onClose }: Props) {
  const t = useTranslations('board');
  const ui = useTranslations('ui');
  const { done, unsure, refused } = outcome;
  return (
    <Dialog
      actions={
        <Button autoFocus onPress={onClose}>
          {ui('close')}
        </Button>
      }
      isOpen
      onClose={onClose}
      title={t('refused.title', { count: refused.length + unsure.length })}
    >
      {done.length > 0 && <p>{t('refused.done', { count: done.length })}</p>}
      <dl className={styles.refused}>
        {refused.map(({ id, detail }) => (
          <div key={id}>
            <dt>
              <bdi>{nameOf(store, id)}</bdi>
            </dt>
            <dd>
              <bdi>{detail}</bdi>
            </dd>
          </div>
        ))}
        {unsure.map((id) => (
          <div key={id}>
            <dt>
              <bdi>{nameOf(store, id)}</bdi>
            </dt>
            <dd>{t('refused.unsure')}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}

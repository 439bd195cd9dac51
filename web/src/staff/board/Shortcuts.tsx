import { useTranslations } from 'use-intl';
import { Dialog } from '../../ui/Dialog';
import { CAPS, SHORTCUTS } from './list/keys';
import styles from './Shortcuts.module.css';

/** Which keys do what while the list has the keyboard. */
export function Shortcuts({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  const t = useTranslations('board.keys');
  return (
    <Dialog isOpen={isOpen} onClose={onClose} title={t('title')}>
      <p>{t('where')}</p>
      <dl className={styles.keys}>
        <Line does={t('moves')} keys={['↑', '↓']} />
        <Line does={t('ends')} keys={[CAPS.Home, CAPS.End]} />
        <Line does={t('extends')} keys={['⇧', '↓']} />
        <Line does={t('deed.select_all')} keys={[CAPS.Control, 'A']} />
        {SHORTCUTS.map(([key, deed]) => (
          <Line does={t(`deed.${deed}`)} key={deed} keys={[capOf(key)]} />
        ))}
      </dl>
    </Dialog>
  );
}

function Line({ keys, does }: { keys: readonly string[]; does: string }) {
  return (
    <div className={styles.line}>
      <dt>
        {keys.map((key) => (
          <kbd className={styles.key} key={key}>
            {key}
          </kbd>
        ))}
      </dt>
      <dd>{does}</dd>
    </div>
  );
}

function capOf(key: string): string {
  return key in CAPS ? CAPS[key as keyof typeof CAPS] : key.toUpperCase();
}

import { useSyncExternalStore } from 'react';
import { useTranslations } from 'use-intl';
import { Button } from './Button';
import { IconButton } from './IconButton';
import { IconCheck, IconClose, IconInfo, IconStop, IconWarning } from './icons';
import styles from './Toasts.module.css';
import { closeToast, onToasts, pauseTimer, shownToasts, startTimer, type Toast } from './toasts';

const SIGNS = { info: IconInfo, good: IconCheck, warning: IconWarning, bad: IconStop };

/** The corner where toasts appear; once in a page's frame. `toast()` speaks to screen readers itself. */
export function Toasts() {
  const t = useTranslations('ui');
  const toasts = useSyncExternalStore(onToasts, shownToasts);
  if (toasts.length === 0) return null;
  return (
    <section
      aria-label={t('messages')}
      className={styles.region}
      data-react-aria-top-layer="true" // stays usable over an open dialog
    >
      {toasts.map((one) => (
        <OneToast key={one.id} toast={one} />
      ))}
    </section>
  );
}

function OneToast({ toast }: { toast: Toast }) {
  const t = useTranslations('ui');
  const Sign = SIGNS[toast.tone];
  const { action } = toast;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: resting on it only keeps it from going
    <div
      className={`${styles.toast} ${styles[toast.tone]}`}
      onBlur={() => startTimer(toast)}
      onFocus={() => pauseTimer(toast.id)}
      onPointerEnter={() => pauseTimer(toast.id)}
      onPointerLeave={() => startTimer(toast)}
    >
      <Sign />
      <span className={styles.text}>{toast.text}</span>
      {action && (
        <Button
          onPress={() => {
            closeToast(toast.id);
            action.onPress();
          }}
          size="dense"
        >
          {action.label}
        </Button>
      )}
      <IconButton
        icon={IconClose}
        label={t('close')}
        onPress={() => closeToast(toast.id)}
        size="dense"
      />
    </div>
  );
}

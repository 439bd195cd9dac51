import type { ReactNode } from 'react';
import { Dialog as AriaDialog } from 'react-aria-components/Dialog';
import { Heading } from 'react-aria-components/Heading';
import { Modal, ModalOverlay } from 'react-aria-components/Modal';
import { useTranslations } from 'use-intl';
import styles from './Dialog.module.css';
import { IconButton } from './IconButton';
import { IconClose } from './icons';

export interface DialogProps {
  title: string;
  isOpen: boolean;
  /** Called when it is to be closed: Escape, the cross, or a click beside it. */
  onClose: () => void;
  /** False: only its buttons close it (pause screen, a message that has to be seen). */
  isDismissable?: boolean;
  /** `alert` interrupts: screen readers read all of it at once. */
  kind?: 'dialog' | 'alert';
  width?: 'normal' | 'wide';
  children: ReactNode;
  /** The buttons below, the most important one first. */
  actions?: ReactNode;
}

/** A window over the page; focus stays inside and returns where it was. */
export function Dialog(props: DialogProps) {
  const { title, isOpen, onClose, isDismissable = true, kind = 'dialog', children } = props;
  return (
    <ModalOverlay
      className={`${styles.shade}`}
      isDismissable={isDismissable && kind === 'dialog'}
      isKeyboardDismissDisabled={!isDismissable}
      isOpen={isOpen}
      onOpenChange={(next) => next || onClose()}
    >
      <Modal className={`${styles.modal} ${styles[props.width ?? 'normal']}`}>
        <AriaDialog
          className={`${styles.dialog}`}
          role={kind === 'alert' ? 'alertdialog' : 'dialog'}
        >
          <header className={styles.head}>
            <Heading className={`${styles.title}`} level={2} slot="title">
              {title}
            </Heading>
            {isDismissable && <CloseButton onClose={onClose} />}
          </header>
          <div className={styles.body}>{children}</div>
          {props.actions && <footer className={styles.actions}>{props.actions}</footer>}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}

function CloseButton({ onClose }: { onClose: () => void }) {
  const t = useTranslations('ui');
  return <IconButton icon={IconClose} label={t('close')} onPress={onClose} size="dense" />;
}

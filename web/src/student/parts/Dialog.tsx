import { type ReactNode, useEffect, useId, useRef } from 'react';
import styles from './Dialog.module.css';

export interface DialogProps {
  title: string;
  /** Escape, where it may be closed so. Without it only the dialog's buttons close it. */
  onClose?: (() => void) | undefined;
  kind?: 'dialog' | 'alertdialog';
  children: ReactNode;
  /** The buttons below, the most important one first. */
  actions: ReactNode;
}

/** A window over the page, open as long as it is drawn; the browser keeps the focus inside and brings it back. */
export function Dialog({ title, onClose, kind = 'dialog', children, actions }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    const dialog = element.current;
    dialog?.showModal();
    return () => dialog?.close();
  }, []);
  return (
    <dialog
      aria-labelledby={heading}
      className={styles.dialog}
      onCancel={(event) => {
        event.preventDefault();
        onClose?.();
      }}
      ref={element}
      role={kind}
    >
      <h2 className={styles.title} id={heading}>
        {title}
      </h2>
      <div className={styles.body}>{children}</div>
      <div className={styles.actions}>{actions}</div>
    </dialog>
  );
}

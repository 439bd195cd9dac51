import { type ReactNode, useState } from 'react';
import { useTranslations } from 'use-intl';
import { Button } from './Button';
import { Dialog } from './Dialog';
import { ProblemBox } from './ProblemBox';

export interface ConfirmProps {
  /** The question: "End this exam?" */
  title: string;
  /** What follows and whether it can be undone, in plain words. */
  consequence: ReactNode;
  /** The deed as a verb: "End exam"; never "OK" or "Yes". */
  confirmLabel: string;
  isDanger?: boolean;
  /** While something is still missing: a reason, a tick. */
  isConfirmDisabled?: boolean;
  isOpen: boolean;
  onClose: () => void;
  /** Does it. Closes when it returns; when it throws, says why and stays open. */
  onConfirm: () => undefined | Promise<unknown>;
}

/** Asks before something that cannot be undone easily; the safe button has the focus. */
export function Confirm(props: ConfirmProps) {
  const t = useTranslations('ui');
  const [isPending, setPending] = useState(false);
  const [problem, setProblem] = useState<unknown>();

  async function confirm() {
    setPending(true);
    setProblem(undefined);
    try {
      await props.onConfirm();
      props.onClose();
    } catch (error) {
      setProblem(error);
    } finally {
      setPending(false);
    }
  }

  return (
    <Dialog
      actions={
        <>
          <Button
            isDisabled={props.isConfirmDisabled ?? false}
            isPending={isPending}
            look={props.isDanger ? 'danger' : 'primary'}
            onPress={confirm}
          >
            {props.confirmLabel}
          </Button>
          <Button autoFocus onPress={props.onClose}>
            {t('cancel')}
          </Button>
        </>
      }
      isOpen={props.isOpen}
      kind="alert"
      onClose={props.onClose}
      title={props.title}
    >
      <div>{props.consequence}</div>
      {problem !== undefined && <ProblemBox problem={problem} />}
    </Dialog>
  );
}

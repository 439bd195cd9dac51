import { type ReactNode, useEffect, useRef } from 'react';
import { useTranslations } from 'use-intl';
import { useLogin } from '../../api';
import { useTitle } from '../../ui/useTitle';
import { Button } from './Button';
import styles from './Frame.module.css';
import { SkipLink } from './SkipLink';
import { Tools } from './Tools';

/** The student's page outside the exam room: one column, one thing at a time. */
export function Frame({
  title,
  above,
  children,
}: {
  title: string;
  above?: ReactNode;
  children: ReactNode;
}) {
  const t = useTranslations();
  useTitle(title);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    // what had the focus may be gone with the page before: reading goes on at the new title
    if (document.activeElement === document.body) heading.current?.focus({ preventScroll: true });
  }, []);
  return (
    <div className={styles.frame}>
      <SkipLink text={t('ui.skip')} to="main" />
      <header className={styles.header}>
        <span className={styles.product}>{t('common.product')}</span>
        <div className={styles.tools}>
          <Tools />
          <SignOut />
        </div>
      </header>
      <main className={styles.main} id="main" tabIndex={-1}>
        {above}
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {children}
      </main>
    </div>
  );
}

function SignOut() {
  const t = useTranslations('student');
  const { login, keeper } = useLogin();
  if (!login) return null;
  return (
    <>
      <span className={styles.person}>{login.user.full_name}</span>
      <Button look="quiet" onClick={() => keeper.signOut()}>
        {t('signOut')}
      </Button>
    </>
  );
}

import { type ReactNode, useEffect, useRef } from 'react';
import { useTranslations } from 'use-intl';
import styles from './Page.module.css';
import { Toasts } from './Toasts';
import { useTitle } from './useTitle';

export interface PageFrameProps {
  /** Beside the product's name: the exam's title, the person. */
  header?: ReactNode;
  /** At the end of the header: `LanguageSwitch`, `ThemeSwitch`, sign-out. */
  tools?: ReactNode;
  /** Links of the main navigation. */
  nav?: ReactNode;
  /** `text` for reading, `page` for most, `full` for boards. */
  width?: 'text' | 'page' | 'full';
  children: ReactNode;
}

/** Header, navigation and main part with their landmarks, a link past the first two, and the toasts. */
export function PageFrame({ header, tools, nav, width = 'page', children }: PageFrameProps) {
  const t = useTranslations();
  return (
    <div className={styles.frame}>
      <SkipLink />
      <header className={styles.header}>
        <span className={styles.product}>{t('common.product')}</span>
        {header && <div className={styles.heading}>{header}</div>}
        {nav && (
          <nav aria-label={t('ui.navigation')} className={styles.nav}>
            {nav}
          </nav>
        )}
        {tools && <div className={styles.tools}>{tools}</div>}
      </header>
      <main className={`${styles.main} ${styles[width]}`} id="main" tabIndex={-1}>
        {children}
      </main>
      <Toasts />
    </div>
  );
}

/** The first stop of the Tab key: past header and navigation. */
export function SkipLink() {
  const t = useTranslations('ui');
  return (
    <a className={styles.skip} href="#main">
      {t('skip')}
    </a>
  );
}

/** The page's one `h1` with what can be done to all of it; names the tab too. */
export function PageTitle({
  title,
  above,
  below,
  actions,
}: {
  title: string;
  /** A way back. */
  above?: ReactNode;
  /** One quiet line on what the page is for or about. */
  below?: ReactNode;
  actions?: ReactNode;
}) {
  useTitle(title);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    // A link that has led here may be gone with its page: then reading goes on at the new title.
    if (document.activeElement === document.body) heading.current?.focus({ preventScroll: true });
  }, []);
  return (
    <div className={styles.top}>
      <div className={styles.titles}>
        {above}
        <h1 className={styles.title} ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {below && <p className={styles.below}>{below}</p>}
      </div>
      {actions && <div className={styles.actions}>{actions}</div>}
    </div>
  );
}

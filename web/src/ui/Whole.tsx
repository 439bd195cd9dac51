import { Component, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { Banner } from './Banner';
import styles from './Whole.module.css';

interface Props {
  children: ReactNode;
  /** Another value shows the children again: the address, say. */
  of?: unknown;
  /** Whether it is the page's main part, or a part of that. */
  isMain?: boolean;
}

interface State {
  hasBroken: boolean;
  of: unknown;
}

/**
 * Shows its children, or that they cannot be shown: a page must never be blank. Their code may be
 * gone since a release, or a line too long cut; to load the page anew mends both.
 */
export class Whole extends Component<Props, State> {
  override state: State = { hasBroken: false, of: this.props.of };

  static getDerivedStateFromError(): Partial<State> {
    return { hasBroken: true };
  }

  static getDerivedStateFromProps(props: Props, state: State): Partial<State> | null {
    return props.of === state.of ? null : { hasBroken: false, of: props.of };
  }

  override render(): ReactNode {
    if (!this.state.hasBroken) return this.props.children;
    return <Broken isMain={this.props.isMain ?? false} />;
  }
}

function Broken({ isMain }: { isMain: boolean }) {
  const t = useTranslations('ui.broken');
  const button = (
    <button className={styles.again} onClick={() => location.reload()} type="button">
      {t('again')}
    </button>
  );
  const Place = isMain ? 'main' : 'div';
  return (
    <Place className={styles.place}>
      <h1 className="visually-hidden">{t('title')}</h1>
      <Banner actions={button} live="assertive" title={t('title')} tone="bad">
        <p>{t('why')}</p>
      </Banner>
    </Place>
  );
}

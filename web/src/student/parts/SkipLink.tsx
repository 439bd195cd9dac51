import styles from './SkipLink.module.css';

/** The first stop of the Tab key: past what stands above. `to` is the id of where it leads. */
export function SkipLink({ to, text }: { to: string; text: string }) {
  return (
    <a className={styles.skip} href={`#${to}`}>
      {text}
    </a>
  );
}

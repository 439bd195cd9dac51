import styles from './PersonName.module.css';

/** A person: the name, and below it a quiet line (hall ticket, user name). Without a name the line alone. */
export function PersonName({ name, detail }: { name: string | null; detail?: string | null }) {
  return (
    <span className={styles.person}>
      <bdi className={styles.name}>{name || detail}</bdi>
      {name && detail && <bdi className={styles.detail}>{detail}</bdi>}
    </span>
  );
}

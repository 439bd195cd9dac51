import { useTranslations } from 'use-intl';
import { useLocation } from 'wouter';
import { useLogin } from '../../api';
import { Link } from '../../ui/Link';
import styles from './AdminNav.module.css';
import { type AdminArea, areasOf } from './areas';

/** The areas that the person who is signed in may open, the most used first. */
export function useAreas(): readonly AdminArea[] {
  const { login } = useLogin();
  return areasOf(login?.user.roles.map((role) => role.name) ?? []);
}

/** The ways between the administration's areas. */
export function AdminNav({ areas }: { areas: readonly AdminArea[] }) {
  const t = useTranslations('admin');
  const [path] = useLocation();
  return (
    <nav aria-label={t('title')} className={styles.nav}>
      {areas.map((area) => (
        <Link isCurrent={isIn(path, area)} key={area} to={`/${area}`}>
          {t(`areas.${area}`)}
        </Link>
      ))}
    </nav>
  );
}

function isIn(path: string, area: AdminArea): boolean {
  if (area === 'banks' && path.startsWith('/questions')) return true;
  return path === `/${area}` || path.startsWith(`/${area}/`);
}

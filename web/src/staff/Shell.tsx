import type { User } from '@oep/client';
import type { ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { useLocation } from 'wouter';
import { useLogin } from '../api';
import { Button } from '../ui/Button';
import { LanguageSwitch } from '../ui/LanguageSwitch';
import { Link } from '../ui/Link';
import { PageFrame } from '../ui/Page';
import { ThemeSwitch } from '../ui/ThemeSwitch';
import { opens } from './roles';

/** What is around each page: the way to the others, by role, and who is signed in. */
export function Shell({ user, children }: { user: User; children: ReactNode }) {
  const [path] = useLocation();
  return (
    <PageFrame
      nav={<Ways path={path} user={user} />}
      tools={<Tools user={user} />}
      width={path.endsWith('/board') ? 'full' : 'page'}
    >
      {children}
    </PageFrame>
  );
}

function Ways({ user, path }: { user: User; path: string }) {
  const t = useTranslations('staff');
  return (
    <>
      <Link isCurrent={path === '/' || path.startsWith('/exams')} to="/">
        {t('exams')}
      </Link>
      {(['reviews', 'admin'] as const)
        .filter((area) => opens(user, area))
        .map((area) => (
          <Link isCurrent={path.startsWith(`/${area}`)} key={area} to={`/${area}`}>
            {t(area)}
          </Link>
        ))}
    </>
  );
}

function Tools({ user }: { user: User }) {
  const t = useTranslations('staff');
  const { keeper } = useLogin();
  return (
    <>
      <bdi>{user.full_name}</bdi>
      <LanguageSwitch />
      <ThemeSwitch />
      <Button look="quiet" onPress={() => keeper.signOut()} size="dense">
        {t('sign_out')}
      </Button>
    </>
  );
}

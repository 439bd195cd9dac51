import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { Button } from '../../../ui/Button';
import { EmptyState } from '../../../ui/EmptyState';
import { IconAdd, IconCheck } from '../../../ui/icons';
import { PersonName } from '../../../ui/PersonName';
import { ProblemBox } from '../../../ui/ProblemBox';
import { Radio, RadioGroup } from '../../../ui/RadioGroup';
import { given } from '../lists';
import { SearchBox } from '../SearchBox';
import { useListed } from '../useListed';
import type { Role } from './ExamAssignments';
import styles from './ExamQuestions.module.css';

const SHOWN = 20;

export interface StaffPickerProps {
  role: Role;
  onRole: (role: Role) => void;
  /** Who has this role here already. */
  taken: ReadonlySet<number>;
  onPick: (userId: number) => void;
  isPending: boolean;
}

/** People who hold a role, to be assigned in it. */
export function StaffPicker({ role, onRole, taken, onPick, isPending }: StaffPickerProps) {
  const t = useTranslations('admin');
  const [q, setQ] = useState('');
  const query = useListed('/api/v1/auth/users', {
    params: { query: { role, limit: SHOWN, ...given({ q }) } },
  });
  return (
    <>
      <RadioGroup
        label={t('assigning.role')}
        onChange={(value) => onRole(value as Role)}
        orientation="horizontal"
        value={role}
      >
        <Radio value="proctor">{t('roles.proctor')}</Radio>
        <Radio value="grader">{t('roles.grader')}</Radio>
      </RadioGroup>
      <SearchBox label={t('people.search')} onSearch={setQ} value={q} />
      {query.error && <ProblemBox onRetry={() => query.refetch()} problem={query.error} />}
      {query.data?.length === 0 && <EmptyState title={t('people.none')} />}
      <ul className={styles.list}>
        {(query.data ?? []).map((user) => (
          <li className={`${styles.item} ${styles.found}`} key={user.id}>
            <PersonName detail={user.username} name={user.full_name} />
            <Button
              aria-label={t(
                taken.has(user.id) ? 'assigning.assignedName' : 'assigning.assignName',
                {
                  name: user.full_name,
                },
              )}
              isDisabled={taken.has(user.id)}
              isPending={isPending}
              onPress={() => onPick(user.id)}
              size="dense"
            >
              {taken.has(user.id) ? <IconCheck /> : <IconAdd />}
              {t(taken.has(user.id) ? 'assigning.isAssigned' : 'assigning.assign')}
            </Button>
          </li>
        ))}
      </ul>
    </>
  );
}

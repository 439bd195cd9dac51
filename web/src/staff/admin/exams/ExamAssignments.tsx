import type { Schemas } from '@oep/client';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { useGet } from '../../../api';
import { EmptyState } from '../../../ui/EmptyState';
import { IconButton } from '../../../ui/IconButton';
import { IconTrash } from '../../../ui/icons';
import { Panel } from '../../../ui/Panel';
import { PersonName } from '../../../ui/PersonName';
import { ProblemBox } from '../../../ui/ProblemBox';
import { Loading } from '../../../ui/Spinner';
import { type Column, Table } from '../../../ui/Table';
import { useDeed } from '../useDeed';
import { usePeople } from '../usePeople';
import { StaffPicker } from './StaffPicker';

type Assignment = Schemas['AssignmentShape'];
export type Role = Schemas['AssignableRole'];

const PATH = '/api/v1/auth/assignments/{exam_id}/{role}/{user_id}';
const LIST = '/api/v1/auth/assignments';

/** Who watches this exam and who marks it; administrators and halls in charge need no assignment. */
export function ExamAssignments({ examId }: { examId: number }) {
  const t = useTranslations('admin');
  const [role, setRole] = useState<Role>('proctor');
  const query = useGet(LIST, { params: { query: { exam_id: examId, limit: 1000 } } });
  const assign = useDeed(
    (api, user_id: number) =>
      api.put(PATH, { params: { path: { exam_id: examId, role, user_id } } }),
    { changes: [LIST], said: t('assigning.assigned') },
  );
  if (query.error && !query.data) {
    return <ProblemBox onRetry={() => query.refetch()} problem={query.error} />;
  }
  if (!query.data) return <Loading />;
  const taken = query.data.filter((one) => one.role === role).map((one) => one.user_id);
  return (
    <>
      <Panel title={t('assigning.title')}>
        <p>{t('assigning.below')}</p>
        <Assigned assignments={query.data} />
      </Panel>
      <Panel title={t('assigning.add')}>
        {assign.error && <ProblemBox problem={assign.error} />}
        <StaffPicker
          isPending={assign.isPending}
          onPick={(userId) => assign.mutate(userId)}
          onRole={setRole}
          role={role}
          taken={new Set(taken)}
        />
      </Panel>
    </>
  );
}

function Assigned({ assignments }: { assignments: readonly Assignment[] }) {
  const t = useTranslations('admin');
  const people = usePeople(assignments.map((one) => one.user_id));
  const remove = useDeed(
    (api, { exam_id, role, user_id }: Assignment) =>
      api.delete(PATH, { params: { path: { exam_id, role, user_id } } }),
    { changes: [LIST], said: t('assigning.removed') },
  );
  const nameOf = (one: Assignment) => people.get(one.user_id)?.full_name ?? `#${one.user_id}`;
  const columns: Column<Assignment>[] = [
    {
      key: 'who',
      header: t('person.full_name'),
      isRowHeader: true,
      cell: (one) => (
        <PersonName detail={people.get(one.user_id)?.username ?? null} name={nameOf(one)} />
      ),
    },
    { key: 'role', header: t('assigning.role'), cell: (one) => t(`roles.${one.role}`) },
    {
      key: 'deeds',
      header: t('deeds'),
      isHeaderHidden: true,
      align: 'end',
      cell: (one) => (
        <IconButton
          icon={IconTrash}
          label={t('assigning.remove', { name: nameOf(one) })}
          onPress={() => remove.mutate(one)}
          size="dense"
        />
      ),
    },
  ];
  return (
    <>
      {remove.error && <ProblemBox problem={remove.error} />}
      <Table
        caption={t('assigning.title')}
        columns={columns}
        empty={<EmptyState title={t('assigning.none')} />}
        keyOf={(one) => `${one.role} ${one.user_id}`}
        rows={assignments}
      />
    </>
  );
}

import { MoreWords } from '../../words/Words';
import { AdminPages } from './AdminPages';

/** Everything under `/app/staff/admin`: people, centers, exams and what they are made of, the audit. */
export function Admin() {
  return (
    <MoreWords of={['admin']}>
      <AdminPages />
    </MoreWords>
  );
}
